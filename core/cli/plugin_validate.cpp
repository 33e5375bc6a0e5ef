// SPDX-License-Identifier: Apache-2.0
// `bellhop plugin validate`: the contract as named checks. Each that runs the plugin's code does so in a child of its
// own, so that one that dies spoils no other.
#include <bellhop/plugin.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <functional>

#include "admin/json_writer.hpp"
#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "cli/plugin_commands.hpp"
#include "cli/scratch.hpp"
#include "cli/template.hpp"
#include "event/filter.hpp"
#include "host/elf_file.hpp"

namespace bellhop::core {
namespace {

enum class Grade { passed, warned, failed, skipped };
constexpr const char *grade_names[] = {"pass", "warn", "FAIL", "skip"};

struct Checked {
  std::string check;
  Grade grade = Grade::passed;
  std::string sentence;
};

using Answers = std::deque<ScriptedAnswer>;

ScriptedAnswer answer_of(HttpFailure failure, int status) {
  HttpReply reply;
  reply.failure = failure;
  reply.status = status;
  return {"*", "*", reply};
}

class Validator {
 public:
  Validator(const ValidateOptions &options, const Surroundings &surroundings, const Screen &screen, Random &random)
      : options_(options), surroundings_(surroundings), screen_(screen), random_(random) {}

  std::vector<Checked> run() {
    library_ = absolute_path(options_.plugin.library);
    if (!check_file() || !check_manifests()) return std::move(findings_);
    if (!plan()) return std::move(findings_);
    check_life();
    for (const char *type : {"booking.confirmed", "booking.canceled", "member.updated", "ping"}) {
      check_delivery(std::string("delivers ") + type, sample(type), {});
    }
    check_odd_events();
    check_twice();
    check_http();
    return std::move(findings_);
  }
  const PluginManifest &manifest() const { return plan_.manifest; }

 private:
  void add(const std::string &check, Grade grade, std::string sentence) {
    findings_.push_back({check, grade, std::move(sentence)});
  }
  void pass(const std::string &check, std::string sentence) { add(check, Grade::passed, std::move(sentence)); }
  bool fail(const std::string &check, std::string sentence) {
    add(check, Grade::failed, std::move(sentence));
    return false;
  }

  // ---- without running it ----
  bool check_file() {
    const auto facts = elf_facts(library_);
    if (!facts) return fail("file", facts.error().sentence);
    pass("file", "a complete shared library for this machine");
    std::string others;
    for (const std::string &name : facts->exports) {
      if (name != BHP_ENTRY_SYMBOL) others += (others.empty() ? "" : ", ") + name;
    }
    if (others.empty()) {
      pass("one symbol", "exports " BHP_ENTRY_SYMBOL " and nothing else");
    } else {
      if (others.size() > 200) others = others.substr(0, 200) + "…";
      fail("one symbol", "exports more than " BHP_ENTRY_SYMBOL ": " + others +
                             "; two plugins could share them. bellhop_add_plugin() hides them, as do "
                             "-fvisibility=hidden and a version script");
    }
    if (facts->is_nodelete) {
      pass("stays loaded", "is linked with -z nodelete");
    } else {
      add("stays loaded", Grade::warned, "is not linked with -z nodelete: a thread of its own could outlive its code");
    }
    return true;
  }

  bool check_manifests() {
    const auto manifests = describe_plugin(library_, host_program_of(surroundings_));
    if (!manifests) return fail("loads", manifests.error().sentence);
    pass("loads", "describes " + std::to_string(manifests->size()) + " plugin(s) within its time");
    for (const PluginManifest &one : *manifests) check_manifest(one);
    return std::none_of(findings_.begin(), findings_.end(), [](const Checked &finding) {
      return finding.check == "needs" && finding.grade == Grade::failed;
    });
  }

  void check_manifest(const PluginManifest &one) {
    std::string empty;
    for (const auto &[name, text] : {std::pair<const char *, std::string>{"version", one.version},
                                     {"summary", one.summary},
                                     {"license", one.license}}) {
      if (text.empty()) empty += (empty.empty() ? "" : ", ") + std::string(name);
    }
    if (empty.empty()) {
      pass("manifest", one.id + " says what it is");
    } else {
      add("manifest", Grade::warned, one.id + " does not say its " + empty);
    }
    if (const std::string missing = missing_services(one); !missing.empty()) {
      fail("needs", missing);
    } else {
      pass("needs", "this host offers all that it needs");
    }
    const auto filter = Filter::parse(one.events);
    if (filter) {
      pass("events", one.events.empty() ? "takes every event but ping" : "its globs can be read");
    } else {
      fail("events", filter.error().sentence);
    }
    check_schema(one);
  }

  void check_schema(const PluginManifest &one) {
    if (one.settings_schema.empty()) return pass("settings", "takes none");
    for (const SettingsFinding &finding : check_settings(one, "{}").findings) {
      if (!finding.pointer.empty() || finding.sentence.find(one.id + " declares") == std::string::npos) continue;
      fail("settings", finding.sentence);
      return;
    }
    rapidjson::Document schema;
    schema.Parse(one.settings_schema.data(), one.settings_schema.size());
    const auto more = schema.FindMember("additionalProperties");
    if (more == schema.MemberEnd() || !more->value.IsFalse()) {
      add("settings", Grade::warned,
          "its schema lets unknown keys pass (additionalProperties is not false): a misspelt key is not told");
    } else {
      pass("settings", "its schema can be read, and unknown keys are refused");
    }
  }

  // ---- running it ----
  bool plan() {
    if (scratch_.path().empty()) return fail("plan", "cannot make a temporary directory");
    PluginChoice choice = options_.plugin;
    choice.is_filling = true;
    auto planned = plan_trial(choice, scratch_.path().string(), surroundings_, screen_);
    if (!planned) return fail("plan", planned.error().sentence);
    plan_ = std::move(*planned);
    const auto created = check_create(plan_.manifest, "validate", plan_.instance.delivery.spec.settings_json,
                                      plan_.host_program, describe_ms_max, plan_.instance.delivery.spec.containment);
    if (created) {
      pass("create", "takes its settings without doing anything else");
      return true;
    }
    if (is_given()) return fail("create", created.error().sentence);
    add("create", Grade::skipped,
        "refuses to work without settings, or with made-up ones, and so nothing else could be tried: " +
            created.error().sentence + "; give real ones with --set or --settings");
    return false;
  }

  // Did a person give all that it was started with? Then a refusal is a fault; else it is its good right.
  bool is_given() const {
    const PluginChoice &plugin = options_.plugin;
    const bool is_anything = !plugin.config.empty() || !plugin.settings_file.empty() || !plugin.sets.empty();
    return plan_.made_up.empty() && (is_anything || plan_.manifest.settings_schema.empty());
  }

  Parcel sample(const std::string &type) {
    auto parcel = sample_parcel(type, template_has(type, "legacy") ? "legacy" : "v5", {}, screen_.now_ms, random_);
    return parcel ? *parcel : Parcel();
  }
  static bool template_has(const std::string &type, const char *dialect) {
    const auto types = template_types(dialect);
    return std::find(types.begin(), types.end(), type) != types.end();
  }

  Trial attempt(const std::vector<Parcel> &parcels, Answers answers) {
    Transcript transcript;
    TrialDesk desk(TrialHttp::stub, plan_.instance.egress, std::move(answers), nullptr, transcript);
    InstanceSpec spec = plan_.instance.delivery.spec;
    spec.state_dir = (scratch_.path() / "instances" / std::to_string(++attempts_count_)).string();
    Trial trial = run_trial(spec, parcels, {plan_.host_program, 15'000, options_.budget_ms}, desk, transcript,
                            [&desk](const Staged &staged) { desk.settle(staged); });
    happened_ = transcript.take();
    return trial;
  }

  void check_life() {
    const Trial trial = attempt({}, {});
    if (!trial.is_ready && trial.is_refused) {
      add("start and stop", is_given() ? Grade::failed : Grade::skipped, trial.died);
    } else if (!trial.died.empty()) {
      fail("start and stop", trial.died);
    } else {
      pass("start and stop", "started in " + std::to_string(trial.ready_ms) + " ms, stopped in " +
                                 std::to_string(trial.stopped_ms) + " ms");
    }
  }

  // Dead, hung, or a verdict that is none: the plugin's fault. Anything else is its good right.
  void check_delivery(const std::string &check, const Parcel &parcel, Answers answers) {
    const Trial trial = attempt({parcel}, std::move(answers));
    if (!trial.died.empty()) {
      fail(check, trial.died + (trial.crash.empty() ? "" : ": " + trial.crash));
    } else if (const std::int32_t code = trial.answers.at(0).code; code < BHP_OK || code > BHP_HOLD) {
      fail(check, "answered " + std::to_string(code) + ", which is no verdict");
    } else {
      pass(check, verdict_name(code) + (trial.answers[0].message.empty() ? "" : ": " + trial.answers[0].message));
    }
  }

  void check_odd_events() {
    Parcel bare = sample("booking.confirmed"), odd = bare, strange = bare, large = bare;
    const std::string head = R"({"specversion":"1.0","id":")" + bare.id.text() +
                             R"(","source":"appointlet","subject":"booking/1","time":"2026-01-01T00:00:00Z",)"
                             R"("datacontenttype":"application/json","dataschema":"urn:bellhop:event:1",)";
    bare.json = head + R"("type":"booking.confirmed","data":{}})";
    odd.json = head + R"("type":"booking.confirmed","data":{"booking":{"id":"\u0000\u001b[31m<script>%n%s'\"",)"
                      R"("start":"yesterday","attendee":{"email":"=cmd|' /C calc'!A0\r\nBcc: x","name":"\ud83d\ude00",)"
                      R"("timezone":"Mars/Phobos"},"answers":[{"value":null,"text":""},{"value":[1,[2]]}],)"
                      R"("meeting_type":{"duration_s":-1}}}})";
    strange.type = "future.thing";
    strange.json = head + R"("type":"future.thing","data":{"thing":{"id":"1","new":[{"deep":true}]}}})";
    large.json = head +
                 R"("type":"booking.confirmed","data":{"booking":{"id":"1","attendee":{"email":"a@example.org",)"
                 R"("name":")" +
                 std::string(1 << 20, 'x') + "\"}}}}";
    check_delivery("an event without data", bare, {});
    check_delivery("an event full of odd text", odd, {});
    check_delivery("an event of an unknown type", strange, {});
    check_delivery("an event of 1 MiB", large, {});
  }

  void check_twice() {
    Parcel first = sample("booking.confirmed"), again = first;
    again.flags |= BHP_EV_REDELIVERY;
    again.attempt = 2;
    const Trial trial = attempt({first, again}, {});
    if (!trial.died.empty()) {
      fail("the same event twice", trial.died);
    } else {
      pass("the same event twice",
           verdict_name(trial.answers.at(0).code) + ", then " + verdict_name(trial.answers.at(1).code));
    }
  }

  void check_http() {
    const auto &needs = plan_.manifest.needs;
    const auto &wants = plan_.manifest.wants;
    const auto names_http = [](const std::vector<std::string> &names) {
      return std::find(names.begin(), names.end(), BHP_SVC_HTTP) != names.end();
    };
    if (!names_http(needs) && !names_http(wants)) return;
    const struct {
      const char *check;
      ScriptedAnswer answer;
      bool may_fail, may_be_ok;
    } cases[] = {
        {"http is denied", answer_of(HttpFailure::denied, 0), false, true},
        {"nobody answers", answer_of(HttpFailure::connect, 0), false, false},
        {"an answer of 429", answer_of(HttpFailure::none, 429), false, false},
        {"an answer of 500", answer_of(HttpFailure::none, 500), true, false},
        {"an answer that is no JSON", answer_of(HttpFailure::none, 200), true, true},
    };
    for (const auto &one : cases) {
      const Trial trial = attempt({sample("booking.confirmed")}, {one.answer});
      const bool has_asked =
          std::any_of(happened_.begin(), happened_.end(), [](const Happening &what) { return what.what == "http"; });
      if (!trial.died.empty()) {
        fail(one.check, trial.died);
      } else if (!has_asked) {
        add(one.check, Grade::skipped, "it sent no request for this event");
      } else {
        judge(one.check, trial.answers.at(0), one.may_fail, one.may_be_ok);
      }
    }
  }
  void judge(const std::string &check, const PluginAnswer &answer, bool may_fail, bool may_be_ok) {
    const std::string said = verdict_name(answer.code) + (answer.message.empty() ? "" : ": " + answer.message);
    if (answer.code == BHP_FAIL && !may_fail) {
      fail(check, "it gave the event up (" + said + "): the backlog would become dead letters. HOLD or RETRY keeps it");
    } else if (answer.code == BHP_OK && !may_be_ok) {
      add(check, Grade::warned, "it called this a success (" + said + "): is what it asked for not needed?");
    } else {
      pass(check, said);
    }
  }

  const ValidateOptions &options_;
  const Surroundings &surroundings_;
  const Screen &screen_;
  Random &random_;
  std::string library_;
  const Scratch scratch_;
  TrialPlan plan_;
  int attempts_count_ = 0;
  std::vector<Happening> happened_;
  std::vector<Checked> findings_;
};

void print_json(const std::vector<Checked> &findings, const std::string &library, bool is_good, const Screen &screen) {
  static constexpr const char *words[] = {"pass", "warn", "fail", "skip"};
  JsonWriter json;
  json.open('{').key("ok").boolean(is_good).key("library").text(library).key("checks").open('[');
  for (const Checked &one : findings) {
    json.open('{').key("check").text(one.check).key("result").text(words[static_cast<int>(one.grade)]);
    json.key("sentence").text(one.sentence).close('}');
  }
  json.close(']').close('}');
  screen.out << json.take() << '\n';
}

}  // namespace

int run_plugin_validate(const ValidateOptions &options, const Surroundings &surroundings, const Screen &screen,
                        Random &random) {
  const std::vector<Checked> findings = Validator(options, surroundings, screen, random).run();
  std::size_t counts[4] = {};
  for (const Checked &one : findings) ++counts[static_cast<int>(one.grade)];
  const bool is_good = counts[static_cast<int>(Grade::failed)] == 0;
  if (options.is_json) {
    print_json(findings, absolute_path(options.plugin.library), is_good, screen);
    return is_good ? exit_ok : exit_refused;
  }
  static constexpr Colour colours[] = {Colour::good, Colour::warning, Colour::bad, Colour::faint};
  for (const Checked &one : findings) {
    const int grade = static_cast<int>(one.grade);
    screen.out << screen.paint(grade_names[grade], colours[grade]) << "  " << one.check
               << std::string(one.check.size() < 28 ? 28 - one.check.size() : 1, ' ') << "  " << printable(one.sentence)
               << '\n';
  }
  screen.out << findings.size() << " checks: " << counts[0] << " passed, " << counts[1] << " warnings, " << counts[2]
             << " failed, " << counts[3] << " skipped\n";
  return is_good ? exit_ok : exit_refused;
}

}  // namespace bellhop::core
