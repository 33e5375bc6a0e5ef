// SPDX-License-Identifier: Apache-2.0
#include "daemon/plans.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "source/source.hpp"

namespace bellhop::core {

namespace {

namespace fs = std::filesystem;

bool looks_like_reference(const std::string &text) {
  return text.rfind("env:", 0) == 0 || text.rfind("credential:", 0) == 0;
}

// Where a pointer into the settings stands in the file: the key itself, or the nearest one around it.
Position place_of(const InstanceConfig &instance, std::string pointer) {
  for (;;) {
    if (const auto found = instance.settings_at.find(pointer); found != instance.settings_at.end())
      return found->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string::npos) return instance.at;
    pointer.resize(slash);
  }
}

Containment containment_of(const SandboxConfig &sandbox) {
  Containment containment;
  containment.is_enabled = sandbox.is_enabled;
  containment.may_network = sandbox.may_network;
  containment.may_unix_sockets = sandbox.may_unix_sockets;
  containment.may_exec = sandbox.may_exec;
  containment.read = sandbox.read;
  containment.write = sandbox.write;
  containment.memory_bytes_max = sandbox.memory_bytes_max;
  containment.files_max = sandbox.files_max;
  containment.file_bytes_max = sandbox.file_bytes_max;
  return containment;
}

// Is `inner` the directory `outer` or somewhere below it?
bool is_around(const fs::path &outer, const fs::path &inner) {
  const fs::path normal_outer = outer.lexically_normal(), normal_inner = inner.lexically_normal();
  return std::mismatch(normal_outer.begin(), normal_outer.end(), normal_inner.begin(), normal_inner.end()).first ==
         normal_outer.end();
}

class Planner {
 public:
  Planner(const Config &config, const Surroundings &surroundings, PlanDepth depth)
      : config_(config), surroundings_(surroundings), depth_(depth), host_program_(host_program_of(surroundings)) {}

  Plans run() {
    for (const SourceConfig &source : config_.sources) plan_source(source);
    const bool has_host = access(host_program_.c_str(), X_OK) == 0;
    if (!has_host && !config_.instances.empty()) {
      plans_.errors.push_back({{},
                               "the child host " + host_program_ +
                                   " is not there or may not be run; it belongs to the "
                                   "installation, beside bellhopd in ../libexec/bellhop"});
      return std::move(plans_);
    }
    for (const InstanceConfig &instance : config_.instances) {
      if (instance.is_enabled && !instance.library.empty()) plan_instance(instance);
    }
    return std::move(plans_);
  }

 private:
  void refuse(const Position &at, std::string sentence) { plans_.errors.push_back({at, std::move(sentence)}); }
  Position place(const InstanceConfig &instance, const char *key) const {
    return config_.place("instance." + instance.name + "." + key);
  }

  void plan_source(const SourceConfig &source) {
    const Normalize normalize = find_source_kind(source.kind);
    if (normalize != nullptr) {
      plans_.sources.push_back(IntakeSource{source.name, normalize, source.tokens});
      return;
    }
    std::vector<std::string> kinds;
    std::string allowed;
    for (const std::string_view kind : source_kinds()) {
      kinds.emplace_back(kind);
      allowed += (allowed.empty() ? "\"" : ", \"") + std::string(kind) + "\"";
    }
    const std::string near = nearest_name(source.kind, kinds);
    refuse(config_.place("source." + source.name + ".kind"),
           "kind in [source." + source.name + "] cannot be \"" + source.kind + "\"" +
               (near.empty() ? "; allowed: " : "; did you mean \"" + near + "\"? Allowed: ") + allowed);
  }

  // nullptr when the library or the plugin in it is no good; that has been said then.
  const PluginManifest *manifest_of(const InstanceConfig &instance, const Containment &containment) {
    // Two instances with different grants may find different things: a library beside it, for one.
    const auto key = std::make_pair(instance.library, containment_text(containment));
    auto found = described_.find(key);
    if (found == described_.end()) {
      found =
          described_.emplace(key, describe_plugin(instance.library, host_program_, describe_ms_max, containment)).first;
    }
    const Position at = place(instance, "plugin");
    if (!found->second) {
      refuse(at, "plugin in [instance." + instance.name + "]: " + found->second.error().sentence);
      return nullptr;
    }
    const std::vector<PluginManifest> &manifests = *found->second;
    const std::string stem = fs::path(instance.library).stem().string();
    const auto named = std::find_if(manifests.begin(), manifests.end(),
                                    [&](const PluginManifest &manifest) { return manifest.id == stem; });
    const PluginManifest &manifest = named != manifests.end() ? *named : manifests.front();
    if (const std::string missing = missing_services(manifest); !missing.empty()) {
      refuse(at, "plugin in [instance." + instance.name + "]: " + missing);
      return nullptr;
    }
    return &manifest;
  }

  void check_grants(const InstanceConfig &instance, const PluginManifest &manifest, const Containment &containment) {
    for (const MissingGrant &missing : missing_grants(manifest.needs, containment)) {
      refuse(place(instance, "plugin"), "the plugin " + manifest.id + " needs " + missing.sentence + " (" +
                                            missing.need + "), which its sandbox does not grant; add the line " +
                                            missing.line + " to [instance." + instance.name + ".sandbox]");
    }
  }

  // The operator's word: who names a file in the settings lets the plugin open it. To write it the plugin gets its
  // directory, because files beside it (a journal, a lock, the next version before it is renamed) belong to it.
  void grant_paths(const InstanceConfig &instance, const std::vector<SettingsPath> &paths, const std::string &state_dir,
                   Containment &containment) {
    for (const SettingsPath &setting : paths) {
      if (setting.path.empty() || setting.path.find_first_of("\n\r") != std::string::npos) continue;
      const fs::path path = (fs::path(state_dir) / setting.path).lexically_normal();
      const fs::path granted = setting.is_write ? path.parent_path() : path;
      if (is_around(state_dir, granted)) continue;
      (setting.is_write ? containment.write : containment.read).push_back(granted.string());
      if (!setting.is_write || !is_around(granted, config_.state_dir)) continue;
      plans_.warnings.push_back({place_of(instance, setting.pointer),
                                 "[instance." + instance.name + ".settings]: " + setting.path +
                                     " lets the plugin write all of " + granted.string() +
                                     ", Bellhop's own state included; a directory of its own is better"});
    }
  }

  void warn_without_landlock(const InstanceConfig &instance) {
    if (has_warned_ || !instance.sandbox.is_enabled || instance.host != "child" || landlock_revision() > 0) return;
    has_warned_ = true;
    plans_.warnings.push_back({place(instance, "sandbox"),
                               "this kernel offers no Landlock (or the service may not use it), so plugins can open "
                               "every file that the daemon's user can; everything else in [instance.NAME.sandbox] "
                               "holds"});
  }

  // The settings with defaults and secrets in their places; findings at theirs. The files that they name are granted;
  // what they tell of destinations and secrets goes into the rules of egress.
  std::string settings_of(const InstanceConfig &instance, const PluginManifest &manifest, InstanceSpec &spec,
                          EgressRules &rules) {
    SettingsCheck check = check_settings(manifest, instance.settings_json);
    grant_paths(instance, check.paths, spec.state_dir, spec.containment);
    for (const SettingsFinding &finding : check.findings) {
      refuse(place_of(instance, finding.pointer), "[instance." + instance.name + ".settings]: " + finding.sentence);
    }
    std::string json = std::move(check.settings_json);
    for (const std::string &pointer : check.secret_pointers) {
      const auto text = instance.settings_texts.find(pointer);
      if (text == instance.settings_texts.end()) continue;
      const Result<std::string> secret = resolve_secret(text->second, surroundings_);
      if (secret) {
        json = with_setting(json, pointer, *secret);
        rules.secrets.push_back(*secret);
      } else {
        refuse(place_of(instance, pointer), "[instance." + instance.name + ".settings]: " + secret.error().sentence);
      }
    }
    for (const auto &[pointer, text] : instance.settings_texts) {
      const auto &secrets = check.secret_pointers;
      if (!looks_like_reference(text) || std::find(secrets.begin(), secrets.end(), pointer) != secrets.end()) continue;
      plans_.warnings.push_back(
          {place_of(instance, pointer),
           "[instance." + instance.name + ".settings]: \"" + text +
               "\" looks like a reference to a secret, but the plugin does not take a secret here; "
               "it gets this text as it is"});
    }
    for (const std::string &pointer : check.destination_pointers) {
      std::string text = setting_text(json, pointer);
      if (!text.empty()) rules.destinations.push_back(std::move(text));
    }
    return json;
  }

  // A rule that cannot be read is told where it stands: each is read alone first.
  EgressPolicy egress_of(const InstanceConfig &instance, EgressRules rules) {
    for (std::size_t i = 0; i < instance.http.allow.size(); ++i) {
      const Result<EgressPolicy> alone = EgressPolicy::parse({{}, {instance.http.allow[i]}, {}});
      if (!alone) {
        refuse(place(instance, ("http.allow." + std::to_string(i)).c_str()),
               "allow in [instance." + instance.name + ".http]: " + alone.error().sentence);
        return {};
      }
    }
    rules.allow = instance.http.allow;
    Result<EgressPolicy> policy = EgressPolicy::parse(std::move(rules));
    if (policy) return std::move(*policy);
    refuse(place_of(instance, ""), "[instance." + instance.name + ".settings]: " + policy.error().sentence);
    return {};
  }

  void plan_instance(const InstanceConfig &instance) {
    const std::size_t errors_before = plans_.errors.size();
    const Containment containment = containment_of(instance.sandbox);
    const PluginManifest *manifest = manifest_of(instance, containment);
    if (manifest == nullptr) return;
    if (instance.host == "child") check_grants(instance, *manifest, containment);
    warn_without_landlock(instance);
    if (manifest->is_singleton && instance.workers > 1) {
      refuse(place(instance, "workers"), "workers in [instance." + instance.name + "] is " +
                                             std::to_string(instance.workers) + ", but the plugin " + manifest->id +
                                             " allows only 1");
    }
    InstancePlan plan;
    plan.events = instance.events.empty() ? manifest->events : instance.events;
    Result<Filter> filter = Filter::parse(plan.events);
    if (!filter) {
      refuse(place(instance, "plugin"), "the plugin " + manifest->id +
                                            " suggests events that cannot be: " + filter.error().sentence +
                                            "; set events in [instance." + instance.name + "]");
      return;
    }
    plan.plugin = instance.plugin;
    plan.has_health = manifest->has_health;
    plan.commands = manifest->commands;
    plan.start = instance.start == "beginning" ? Start::beginning : Start::now;
    plan.is_inproc = instance.host == "inproc";
    DeliveryPlan &delivery = plan.delivery;
    delivery.name = instance.name;
    delivery.filter = *filter;
    delivery.policy.attempts_max = instance.retry.attempts_max;
    delivery.policy.age_ms_max = instance.retry.age_ms_max;
    delivery.policy.backoff_ms_min = instance.retry.backoff_ms_min;
    delivery.policy.backoff_ms_max = instance.retry.backoff_ms_max;
    delivery.policy.retry_after_ms_max = instance.retry.retry_after_ms_max;
    delivery.policy.strikes_max = instance.retry.strikes_max;
    delivery.policy.deadline_ms = instance.deadline_ms;
    BreakerPolicy &breaker = delivery.policy.breaker;
    breaker.failures_percent = instance.breaker.failures_percent;
    breaker.window_ms = instance.breaker.window_ms;
    if (config_.places.count("instance." + instance.name + ".breaker.window") == 0) {
      breaker.window_ms = std::max(breaker.window_ms, 2 * instance.deadline_ms);
    }
    breaker.count_min = instance.breaker.count_min;
    breaker.subjects_min = instance.breaker.subjects_min;
    breaker.pause_ms_min = instance.breaker.pause_ms_min;
    breaker.pause_ms_max = instance.breaker.pause_ms_max;
    breaker.successes_min = instance.breaker.successes_min;
    delivery.workers = instance.workers;
    delivery.batch_max = instance.batch_max;
    delivery.spec.name = instance.name;
    delivery.spec.library = instance.library;
    delivery.spec.index = manifest->index;
    EgressRules rules;
    delivery.spec.state_dir = (fs::path(config_.state_dir) / "instances" / instance.name).string();
    delivery.spec.containment = containment;
    delivery.spec.settings_json = settings_of(instance, *manifest, delivery.spec, rules);
    plan.egress = egress_of(instance, std::move(rules));
    if (depth_ == PlanDepth::check && plans_.errors.size() == errors_before) {
      const Result<void> created = check_create(*manifest, instance.name, delivery.spec.settings_json, host_program_,
                                                describe_ms_max, delivery.spec.containment);
      if (!created) refuse(place_of(instance, ""), "[instance." + instance.name + "]: " + created.error().sentence);
    }
    plans_.instances.push_back(std::move(plan));
  }

  const Config &config_;
  const Surroundings &surroundings_;
  const PlanDepth depth_;
  const std::string host_program_;
  bool has_warned_ = false;  // of a kernel without Landlock
  std::map<std::pair<std::string, std::string>, Result<std::vector<PluginManifest>>>
      described_;  // by library and grants
  Plans plans_;
};

}  // namespace

std::string host_program_of(const Surroundings &surroundings) {
  return (fs::path(surroundings.executable_dir) / "../libexec/bellhop/bellhop-host").lexically_normal().string();
}

Plans make_plans(const Config &config, const Surroundings &surroundings, PlanDepth depth) {
  return Planner(config, surroundings, depth).run();
}

}  // namespace bellhop::core
