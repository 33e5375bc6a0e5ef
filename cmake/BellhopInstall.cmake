# cmake --install: everything in its place.
foreach(program bellhopd bellhop)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/etc/bellhop.sysusers DESTINATION lib/sysusers.d RENAME bellhop.conf)
install(FILES ${PROJECT_SOURCE_DIR}/etc/bellhop.tmpfiles DESTINATION lib/tmpfiles.d RENAME bellhop.conf)

# The unit names absolute paths, which are known only when the prefix is: at install time. A config that is there
# already is the operator's, and stays.
set(BELLHOP_ETC ${PROJECT_SOURCE_DIR}/etc)
set(BELLHOP_BUILT_ETC ${PROJECT_BINARY_DIR}/etc)
install(CODE "
  set(bellhop_bin \"${CMAKE_INSTALL_BINDIR}\")
  set(bellhop_etc \"${CMAKE_INSTALL_SYSCONFDIR}\")
  foreach(dir bellhop_bin bellhop_etc)
    if(NOT IS_ABSOLUTE \"\${\${dir}}\")
      set(\${dir} \"\${CMAKE_INSTALL_PREFIX}/\${\${dir}}\")
    endif()
  endforeach()
  file(READ \"${BELLHOP_ETC}/bellhop.service\" bellhop_unit)
  string(REPLACE \"/usr/bin/bellhopd\" \"\${bellhop_bin}/bellhopd\" bellhop_unit \"\${bellhop_unit}\")
  string(REPLACE \"/etc/bellhop/\" \"\${bellhop_etc}/bellhop/\" bellhop_unit \"\${bellhop_unit}\")
  file(WRITE \"${BELLHOP_BUILT_ETC}/bellhop.service\" \"\${bellhop_unit}\")
  file(INSTALL \"${BELLHOP_BUILT_ETC}/bellhop.service\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")
  if(NOT EXISTS \"\$ENV{DESTDIR}\${bellhop_etc}/bellhop/bellhop.toml\")
    file(INSTALL \"${BELLHOP_ETC}/bellhop.toml\" DESTINATION \"\${bellhop_etc}/bellhop\")
  endif()
")
