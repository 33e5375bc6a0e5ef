// SPDX-License-Identifier: Apache-2.0
#include <bellhop/plugin.h>
#include <poll.h>
#include <rapidjson/document.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "admin/json_writer.hpp"
#include "base/log.hpp"
#include "cli/exit_code.hpp"
#include "cli/plugin_commands.hpp"
#include "cli/scratch.hpp"

namespace bellhop::core {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t file_bytes_max = 64 << 20;

Result<std::string> read_file(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{Kind::not_found, file + " cannot be read"};
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > file_bytes_max) return Error{Kind::invalid, file + " is larger than 64 MiB"};
  return text;
}

// Whole or not at all, and for its owner alone: answers may hold secrets.
Result<void> write_file(const std::string &file, const std::string &text) {
  const std::string fresh = file + ".new";
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    ::chmod(fresh.c_str(), 0600);
    out << text;
    if (!out.flush()) return Error{Kind::unavailable, "cannot write " + fresh};
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) return Error{Kind::unavailable, "cannot replace " + file};
  return {};
}

// kv of an earlier trial: a JSON object of strings; none when there is no such file yet.
Result<std::map<std::string, std::string>> read_kv(const std::string &file) {
  std::map<std::string, std::string> kv;
  if (file.empty() || !fs::exists(file)) return kv;
  const auto text = read_file(file);
  if (!text) return text.error();
  rapidjson::Document document;
  document.Parse(text->data(), text->size());
  if (document.HasParseError() || !document.IsObject()) return Error{Kind::invalid, file + " is not a JSON object"};
  for (const auto &entry : document.GetObject()) {
    if (!entry.value.IsString()) return Error{Kind::invalid, file + ": the value of a key is not a string"};
    kv[entry.name.GetString()] = std::string(entry.value.GetString(), entry.value.GetStringLength());
  }
  return kv;
}

std::string kv_json(const std::map<std::string, std::string> &kv) {
  std::string out = "{";
  for (const auto &[key, value] : kv) {
    out += out.size() > 1 ? ",\n " : "\n ";
    append_json_string(out, key);
    out += ": ";
    append_json_string(out, value);
  }
  return out + "\n}\n";
}

struct Tried {
  TrialPlan plan;
  Parcel parcel;
  Trial trial;
  std::vector<Happening> happenings;
  bool is_dry = false, has_made_up = false, is_file_system_held = false;
  std::string remark;  // about the state directory, "" = none
};

TrialHttp mode_of(const TryOptions &options) {
  return options.http == "live" ? TrialHttp::live : options.http == "record" ? TrialHttp::record : TrialHttp::stub;
}

// A dry run may change nothing: no network of its own, no other program, its files only to be read.
// A configured instance keeps its own state directory, if we may look into it.
void hold_back(Tried &tried, bool is_configured, const fs::path &scratch) {
  InstanceSpec &spec = tried.plan.instance.delivery.spec;
  Containment &containment = spec.containment;
  const bool was_more = containment.may_network || containment.may_unix_sockets || containment.may_exec;
  containment.may_network = containment.may_unix_sockets = containment.may_exec = false;
  containment.is_enabled = containment.is_read_only = true;
  tried.is_file_system_held = landlock_revision() > 0;
  if (was_more) tried.remark = "the network, sockets and programs that its sandbox grants are withheld";
  if (!is_configured || ::access(spec.state_dir.c_str(), R_OK | X_OK) == 0) return;
  spec.state_dir = (scratch / "instances" / spec.name).string();
  if (!tried.remark.empty()) tried.remark += "; ";
  tried.remark += "its state directory cannot be read from here: it got an empty one";
}

Result<Tried> try_once(const TryOptions &options, const Surroundings &surroundings, const Screen &screen,
                       Random &random) {
  Tried tried;
  const Scratch scratch;
  if (scratch.path().empty()) return Error{Kind::unavailable, "cannot make a temporary directory"};
  auto parcel = find_event(options.event, surroundings, screen, random);
  if (!parcel) return parcel.error();
  auto plan = plan_trial(options.plugin, scratch.path().string(), surroundings, screen);
  if (!plan) return plan.error();
  tried.plan = std::move(*plan);
  tried.parcel = std::move(*parcel);
  const TrialHttp mode = mode_of(options);
  tried.is_dry = mode == TrialHttp::stub;
  tried.parcel.flags |= tried.is_dry ? BHP_EV_DRYRUN : BHP_EV_TEST;
  if (tried.is_dry) hold_back(tried, !options.plugin.config.empty(), scratch.path());

  std::deque<ScriptedAnswer> answers;
  if (mode == TrialHttp::stub && !options.answers_file.empty()) {
    const auto text = read_file(options.answers_file);
    auto parsed = text ? parse_answers(*text, options.answers_file) : Result<std::deque<ScriptedAnswer>>(text.error());
    if (!parsed) return parsed.error();
    answers = std::move(*parsed);
  }
  const auto kv = read_kv(options.kv_file);
  if (!kv) return kv.error();

  const SystemClock clock;
  const Log nobody([](Level, std::string_view) {}, Level::error);
  Transcript transcript;
  std::unique_ptr<Egress> egress;
  if (!tried.is_dry) {
    auto opened = Egress::open(tried.plan.egress, clock, nobody);
    if (!opened) return opened.error();
    egress = std::move(*opened);
  }
  TrialDesk desk(mode, tried.plan.instance.egress, std::move(answers), egress.get(), transcript);
  desk.set_kv(*kv);
  std::vector<Parcel> parcels(static_cast<std::size_t>(options.times), tried.parcel);
  for (std::size_t index = 1; index < parcels.size(); ++index) {
    parcels[index].flags |= BHP_EV_REDELIVERY;
    parcels[index].attempt = static_cast<std::uint32_t>(index) + 1;
  }
  tried.trial =
      run_trial(tried.plan.instance.delivery.spec, parcels, {tried.plan.host_program, 15'000, options.budget_ms}, desk,
                transcript, [&desk](const Staged &staged) { desk.settle(staged); });
  egress.reset();  // its last answers are told before the transcript is taken
  tried.happenings = transcript.take();
  tried.has_made_up = desk.has_made_up();
  if (mode == TrialHttp::record) {
    if (auto written = write_file(options.answers_file, answers_json(desk.recorded())); !written)
      return written.error();
  }
  if (!options.kv_file.empty()) {
    if (auto written = write_file(options.kv_file, kv_json(desk.kv())); !written) return written.error();
  }
  return tried;
}

bool is_good(const Trial &trial) {
  return trial.died.empty() && !trial.answers.empty() &&
         std::all_of(trial.answers.begin(), trial.answers.end(),
                     [](const PluginAnswer &answer) { return answer.code == BHP_OK || answer.code == BHP_SKIP; });
}

void print_json(const Tried &tried, const Screen &screen) {
  JsonWriter json;
  json.open('{').key("plugin").text(tried.plan.manifest.id).key("version").text(tried.plan.manifest.version);
  json.key("event").open('{').key("id").text(tried.parcel.id.text()).key("type").text(tried.parcel.type);
  json.key("subject").text(tried.parcel.subject).close('}');
  json.key("dry_run").boolean(tried.is_dry).key("read_only").boolean(tried.is_dry && tried.is_file_system_held);
  json.key("made_up_answers").boolean(tried.has_made_up).key("settings").raw(tried.plan.settings_shown);
  json.key("happened").open('[');
  for (const Happening &one : tried.happenings) json.raw(one.json);
  json.close(']').key("verdicts").open('[');
  for (const PluginAnswer &answer : tried.trial.answers) {
    json.open('{').key("verdict").text(verdict_name(answer.code)).key("message").text(answer.message);
    json.key("retry_after_ms").number(answer.retry_after_ms).close('}');
  }
  json.close(']').key("took_ms").number(tried.trial.took_ms).key("died");
  if (tried.trial.died.empty()) {
    json.null();
  } else {
    json.text(tried.trial.died);
  }
  json.key("crash").text(tried.trial.crash).key("ok").boolean(is_good(tried.trial)).close('}');
  screen.out << json.take() << '\n';
}

void print_block(const std::string &text, const Screen &screen) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    screen.out << "              " << text.substr(begin, end - begin) << '\n';
    begin = end + 1;
  }
}

void print_page(const Tried &tried, const Screen &screen) {
  const PluginManifest &manifest = tried.plan.manifest;
  screen.out << printable(manifest.id + " " + manifest.version + " <- " + tried.parcel.type + " " +
                          tried.parcel.subject)
             << (tried.is_dry ? "  (dry run)" : "") << '\n';
  if (!tried.plan.made_up.empty()) {
    std::string keys;
    for (const std::string &key : tried.plan.made_up) keys += (keys.empty() ? "" : ", ") + key;
    screen.out << "  settings    made up: " << printable(keys) << '\n';
  }
  for (const Happening &one : tried.happenings) {
    screen.out << "  " << one.what << std::string(one.what.size() < 10 ? 12 - one.what.size() : 2, ' ') << one.line
               << '\n';
    print_block(one.more, screen);
  }
  for (const PluginAnswer &answer : tried.trial.answers) {
    const bool is_done = answer.code == BHP_OK || answer.code == BHP_SKIP;
    screen.out << "  verdict     " << screen.paint(verdict_name(answer.code), is_done ? Colour::good : Colour::bad)
               << (answer.message.empty() ? "" : ": " + printable(answer.message));
    if (answer.retry_after_ms > 0) screen.out << " (after " << answer.retry_after_ms << " ms)";
    screen.out << '\n';
  }
  if (!tried.trial.died.empty()) {
    screen.out << "  " << screen.paint(tried.trial.is_refused ? "refused" : "died", Colour::bad)
               << std::string(tried.trial.is_refused ? 5 : 8, ' ') << printable(tried.trial.died) << '\n';
    print_block(printable(tried.trial.crash), screen);
  }
  screen.out << "  took        " << tried.trial.took_ms << " ms\n";
  if (!tried.is_dry) return;
  screen.out << "Nothing of this was done: no request left this machine, nothing was kept"
             << (tried.is_file_system_held ? ", no file could be written"
                                           : "; but this kernel has no Landlock, so files could be written")
             << (tried.has_made_up ? ". Answers were made up" : "") << ".\n";
  if (!tried.remark.empty()) screen.out << "Note: " << printable(tried.remark) << ".\n";
}

int run_and_print(const TryOptions &options, const Surroundings &surroundings, const Screen &screen, Random &random) {
  const auto tried = try_once(options, surroundings, screen, random);
  if (!tried) return complain(screen, tried.error());
  if (options.is_json) {
    print_json(*tried, screen);
  } else {
    print_page(*tried, screen);
  }
  screen.out.flush();
  return is_good(tried->trial) ? exit_ok : exit_refused;
}

// Waits until the library was written or replaced, and the linker is done with it.
class Watch {
 public:
  explicit Watch(const std::string &library) : file_(fs::path(library).filename().string()) {
    descriptor_ = ::inotify_init1(IN_CLOEXEC);
    const std::string folder = fs::path(library).parent_path().string();
    is_good_ = ::inotify_add_watch(descriptor_, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) >= 0;
  }
  ~Watch() { ::close(descriptor_); }
  Watch(const Watch &) = delete;
  Watch &operator=(const Watch &) = delete;

  bool wait() {
    if (!is_good_) return false;
    for (bool is_changed = false;;) {
      pollfd readable{descriptor_, POLLIN, 0};
      const int ready = ::poll(&readable, 1, is_changed ? quiet_ms : -1);
      if (ready < 0) return false;
      if (ready == 0) return true;
      is_changed = read() || is_changed;
    }
  }

 private:
  static constexpr int quiet_ms = 100;  // a build writes in several steps

  bool read() {
    alignas(inotify_event) char bytes[4096];
    const ssize_t got = ::read(descriptor_, bytes, sizeof bytes);
    bool is_ours = false;
    for (ssize_t at = 0; at < got;) {
      const auto *event = reinterpret_cast<const inotify_event *>(bytes + at);
      is_ours = is_ours || (event->len > 0 && file_ == event->name);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
    return is_ours;
  }

  std::string file_;
  int descriptor_ = -1;
  bool is_good_ = false;
};

}  // namespace

int run_plugin_try(const TryOptions &options, const Surroundings &surroundings, const Screen &screen, Random &random) {
  if (options.http == "record" && options.answers_file.empty()) {
    return complain(screen, {Kind::invalid, "--http record needs --answers FILE, where the answers go"});
  }
  if (!options.is_watching) return run_and_print(options, surroundings, screen, random);
  if (options.plugin.library.empty()) {
    return complain(screen, {Kind::invalid, "--watch needs the path of the library"});
  }
  // Before the first run: what is built meanwhile is not missed.
  Watch watch(absolute_path(options.plugin.library));
  for (;;) {
    const int code = run_and_print(options, surroundings, screen, random);
    screen.err << "watching " << printable(options.plugin.library) << "; end with Ctrl-C\n";
    screen.err.flush();
    if (!watch.wait()) return code;
  }
}

int run_dry_replay(const TryOptions &given, const Surroundings &surroundings, const Screen &screen, Random &random) {
  TryOptions options = given;
  options.http = "stub";
  if (options.plugin.instance.empty()) {
    return complain(screen, {Kind::invalid, "--dry-run needs --instance NAME: whose settings are meant?"});
  }
  if (options.plugin.config.empty()) options.plugin.config = "/etc/bellhop/bellhop.toml";
  return run_and_print(options, surroundings, screen, random);
}

}  // namespace bellhop::core
