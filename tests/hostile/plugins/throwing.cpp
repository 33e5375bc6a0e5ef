// SPDX-License-Identifier: Apache-2.0
// Throws. As a plugin of the C++ SDK (hostile_throw.so) the SDK catches it and makes it a verdict; written against the
// C ABI (THROW_ACROSS: hostile_throw_across.so) it leaves the plugin, which the contract forbids.
#include <stdexcept>

#ifdef THROW_ACROSS
#include <bellhop/plugin.h>

#include <string_view>

namespace {

std::int32_t create(const bhp_plugin *, const bhp_host *, const char *, std::size_t, bhp_reply *, void **) {
  return BHP_OK;
}
std::int32_t deliver(void *, const bhp_event *event, bhp_reply *) {
  const std::string_view subject(event->subject.ptr, event->subject.size);
  if (subject.find("evil") != std::string_view::npos) throw std::runtime_error("disk on fire");
  return BHP_OK;
}
void destroy(void *) {}

bhp_plugin table() {
  bhp_plugin plugin{};
  plugin.struct_size = sizeof plugin;
  plugin.abi_major = BHP_ABI_MAJOR;
  plugin.id = "hostile";
  plugin.create = create;
  plugin.deliver = deliver;
  plugin.destroy = destroy;
  return plugin;
}

}  // namespace

extern "C" BHP_EXPORT const bhp_plugin *bellhop_plugin_v1(std::uint32_t index) {
  static const bhp_plugin plugin = table();
  return index == 0 ? &plugin : nullptr;
}
#else
#include <bellhop/plugin.hpp>

struct Throwing : bellhop::Plugin {
  using Plugin::Plugin;
  static bellhop::Manifest manifest() { return bellhop::Manifest("hostile", "6.6.6", "Throws"); }
  bellhop::Verdict deliver(const bellhop::Event &event) override {
    if (event.subject().find("evil") != std::string_view::npos) throw std::runtime_error("disk on fire");
    return bellhop::Verdict::ok();
  }
};
BELLHOP_PLUGIN(Throwing)
#endif
