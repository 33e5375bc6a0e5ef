// SPDX-License-Identifier: Apache-2.0
// Questions of people to a plugin: its health, a command. Whoever asks is a thread of the admin server and waits here;
// delivery answers every question once, also when the plugin dies over it or the daemon stops.
#include <algorithm>
#include <memory>
#include <optional>

#include "base/mutex.hpp"
#include "daemon/daemon.hpp"
#include "host/describe.hpp"

namespace bellhop::core {

namespace {

// Shared by the thread that waits and by delivery, which may be the last to let go of it.
struct Waiting {
  Mutex mutex;
  CondVar changed;
  std::optional<Result<PluginAnswer>> told GUARDED_BY(mutex);
  std::string output GUARDED_BY(mutex);
  bool is_output_cut GUARDED_BY(mutex) = false;

  void take(std::string_view bytes) {
    Lock lock(mutex);
    const std::size_t room = Control::output_bytes_max - output.size();
    output.append(bytes.substr(0, room));
    is_output_cut = is_output_cut || bytes.size() > room;
  }
  void answer(Result<PluginAnswer> answer) {
    Lock lock(mutex);
    told = std::move(answer);
    changed.notify_all();
  }
  Result<AnswerControl> wait() {
    Lock lock(mutex);
    while (!told) changed.wait(mutex);
    if (!*told) return told->error();
    AnswerControl control;
    const Verdict verdict = verdict_of((*told)->code);
    control.is_ok = verdict == Verdict::ok || verdict == Verdict::skip;
    control.verdict = text_of(verdict);
    control.message = (*told)->message;
    control.output = std::move(output);
    control.is_output_cut = is_output_cut;
    return control;
  }
};

std::string did_you_mean(const std::string &name, const std::vector<std::string> &names) {
  const std::string near = nearest_name(name, names);
  return near.empty() ? "" : "; did you mean " + near + "?";
}

// The arguments with defaults filled in.
//   errors    invalid: all that does not fit, each with its pointer
Result<std::string> fitted_arguments(const CommandManifest &command, const std::string &arguments_json) {
  PluginManifest manifest;
  manifest.id = command.name;
  manifest.settings_schema = command.arguments_schema.empty() ? R"({"type":"object"})" : command.arguments_schema;
  const SettingsCheck check = check_settings(manifest, arguments_json);
  if (command.arguments_schema.empty() && check.settings_json != "{}") {
    return Error{Kind::invalid, "the command " + command.name + " takes no arguments"};
  }
  if (check.findings.empty()) return check.settings_json;
  std::string faults;
  for (const SettingsFinding &finding : check.findings) {
    faults += (faults.empty() ? "" : "; ") + (finding.pointer.empty() ? "" : finding.pointer + ": ") + finding.sentence;
  }
  return Error{Kind::invalid, "the arguments of " + command.name + " do not fit: " + faults};
}

}  // namespace

Result<const InstancePlan *> Daemon::find_instance(const std::string &name) const {
  std::vector<std::string> names;
  for (const InstancePlan &plan : plans_.instances) {
    if (plan.delivery.name == name) return &plan;
    names.push_back(plan.delivery.name);
  }
  return Error{Kind::not_found, "no instance \"" + name + "\"" + did_you_mean(name, names) +
                                    (names.empty() ? "; none is configured" : "; configured: " + in_list(names))};
}

Result<AnswerControl> Daemon::check(const std::string &instance) const {
  const auto plan = find_instance(instance);
  if (!plan) return plan.error();
  if (!(*plan)->has_health) {
    return Error{Kind::not_found, "the plugin " + (*plan)->plugin + " of instance " + instance +
                                      " cannot be asked for its health: it does not have bellhop.health/1"};
  }
  const auto waiting = std::make_shared<Waiting>();  // owners: this thread and delivery
  delivery_->check(instance, [waiting](Result<PluginAnswer> told) { waiting->answer(std::move(told)); });
  return waiting->wait();
}

Result<AnswerControl> Daemon::run(const std::string &instance, const std::string &command,
                                  const std::string &arguments_json) const {
  const auto plan = find_instance(instance);
  if (!plan) return plan.error();
  const std::vector<CommandManifest> &commands = (*plan)->commands;
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const auto &c) { return c.name == command; });
  if (found == commands.end()) {
    std::vector<std::string> names;
    for (const CommandManifest &one : commands) names.push_back(one.name);
    return Error{Kind::not_found, "instance " + instance + " has no command \"" + command + "\"" +
                                      did_you_mean(command, names) +
                                      (names.empty() ? "; its plugin has none" : "; there are: " + in_list(names))};
  }
  const auto arguments = fitted_arguments(*found, arguments_json);
  if (!arguments) return arguments.error();
  const auto waiting = std::make_shared<Waiting>();  // owners: this thread and delivery
  delivery_->run(
      instance, command, *arguments, [waiting](std::string_view bytes) { waiting->take(bytes); },
      [waiting](Result<PluginAnswer> told) { waiting->answer(std::move(told)); });
  return waiting->wait();
}

}  // namespace bellhop::core
