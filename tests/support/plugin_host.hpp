// SPDX-License-Identifier: Apache-2.0
// PluginHost: a plugin's .so driven through the public ABI and nothing else, one call after the other, for the tests of
// the built-in plugins. The host's own JSON service; no process, no deadline, no retry: what the plugin answers is what
// the test sees.
#pragma once

#include <bellhop/plugin.h>

#include <filesystem>
#include <string>
#include <vector>

#include "host/instance.hpp"

namespace bellhop::test {

class PluginHost {
 public:
  // Loads the library and creates an instance. A failure to load ends the test program: it is a mistake of the build.
  PluginHost(const std::filesystem::path &library, std::filesystem::path state_dir, std::string settings_json);
  ~PluginHost();
  PluginHost(const PluginHost &) = delete;
  PluginHost &operator=(const PluginHost &) = delete;

  const bhp_plugin &plugin() const { return *plugin_; }
  const core::PluginAnswer &created() const { return created_; }

  core::PluginAnswer start();
  core::PluginAnswer deliver(const core::Parcel &parcel);
  // `whole`, when given, takes the answer to the call itself.
  std::vector<core::PluginAnswer> deliver_batch(const std::vector<core::Parcel> &parcels,
                                                core::PluginAnswer *whole = nullptr);
  void stop();

  const std::vector<std::string> &log() const { return log_; }

 private:
  std::filesystem::path state_dir_;
  std::string state_dir_text_;
  bhp_host host_{};
  const bhp_plugin *plugin_ = nullptr;
  void *instance_ = nullptr;
  bool is_started_ = false;
  core::PluginAnswer created_;
  std::vector<std::string> log_;
};

}  // namespace bellhop::test
