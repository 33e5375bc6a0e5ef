// SPDX-License-Identifier: Apache-2.0
#include "host/describe.hpp"

#include <poll.h>
#include <rapidjson/document.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.hpp"
#include "host/library.hpp"
#include "host/program.hpp"
#include "host/sentence.hpp"

namespace bellhop::core {

namespace {

constexpr Milliseconds end_ms_max = 5'000;  // from the end of its pipes to the end of the program
constexpr std::size_t answer_bytes_max = 8 << 20;
constexpr std::size_t complaint_bytes_max = 512;

struct Said {
  std::string answer;      // standard output
  std::string complaints;  // standard error: what the library printed while it was loaded
  int status = 0;
  Milliseconds limit_ms = 0;
  bool is_late = false;
};

// Takes what is there; false at the end of the pipe.
bool take(const Descriptor &pipe, std::string &out, std::size_t bytes_max) {
  char piece[16 << 10];
  const ssize_t got = ::read(pipe.get(), piece, sizeof piece);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  out.append(piece, std::min(static_cast<std::size_t>(got), bytes_max - std::min(bytes_max, out.size())));
  return true;
}

// Hands over what the socket takes; false when it is all there, or nobody reads.
bool give(const Descriptor &socket, std::string_view &bytes) {
  const ssize_t put = bytes.empty() ? 0 : ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (put < 0) return errno == EAGAIN || errno == EINTR;
  bytes.remove_prefix(static_cast<std::size_t>(put));
  return !bytes.empty();
}

// Writes the input and reads both pipes to their end, or until the time is over.
void talk(Descriptor input, std::string_view bytes, Descriptor &output, Descriptor &errors, Said &said) {
  const SystemClock clock;
  const Milliseconds deadline_ms = clock.steady_ms() + said.limit_ms;
  if (!give(input, bytes)) input.close();
  while (output || errors) {
    const Milliseconds left_ms = deadline_ms - clock.steady_ms();
    pollfd ends[3] = {{output.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}, {input.get(), POLLOUT, 0}};
    if (left_ms <= 0 || (::poll(ends, 3, static_cast<int>(left_ms)) <= 0 && errno != EINTR)) {
      said.is_late = true;
      return;
    }
    if (ends[0].revents != 0 && !take(output, said.answer, answer_bytes_max)) output.close();
    if (ends[1].revents != 0 && !take(errors, said.complaints, complaint_bytes_max)) errors.close();
    if (ends[2].revents != 0 && !give(input, bytes)) input.close();
  }
}

Result<Said> ask(const std::string &host_program, std::vector<std::string> arguments, std::string_view input,
                 Milliseconds limit_ms) {
  auto output = pipe_from_program();
  auto errors = pipe_from_program();
  auto questions = link_to_program();
  if (!output) return output.error();
  if (!errors) return errors.error();
  if (!questions) return questions.error();
  ProgramSpec spec;
  spec.path = host_program;
  spec.arguments = std::move(arguments);
  spec.arguments.insert(spec.arguments.begin() + 1, std::to_string(::getpid()));
  spec.input = questions->theirs.get();
  spec.output = output->theirs.get();
  spec.errors = errors->theirs.get();
  auto program = Program::start(spec);
  if (!program) return program.error();
  output->theirs.close();
  errors->theirs.close();
  questions->theirs.close();

  Said said;
  said.limit_ms = limit_ms;
  talk(std::move(questions->ours), input, output->ours, errors->ours, said);
  if (said.is_late) program->kill();
  const auto status = program->reap_within(end_ms_max);
  if (status) said.status = *status;
  return said;
}

std::string first_line(const std::string &text) {
  return clean_utf8(std::string_view(text).substr(0, text.find('\n')), complaint_bytes_max);
}

std::string text(const rapidjson::Value &object, const char *key) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsString()) return "";
  return {found->value.GetString(), found->value.GetStringLength()};
}

std::vector<std::string> list(const rapidjson::Value &object, const char *key) {
  std::vector<std::string> texts;
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsArray()) return texts;
  for (const auto &item : found->value.GetArray()) {
    if (item.IsString()) texts.emplace_back(item.GetString(), item.GetStringLength());
  }
  return texts;
}

bool flag(const rapidjson::Value &object, const char *key) {
  const auto found = object.FindMember(key);
  return found != object.MemberEnd() && found->value.IsBool() && found->value.GetBool();
}

int number(const rapidjson::Value &object, const char *key) {
  const auto found = object.FindMember(key);
  return found != object.MemberEnd() && found->value.IsInt() ? found->value.GetInt() : 0;
}

// The answer as JSON, or the sentence why there is none.
Result<rapidjson::Document> read_answer(const std::string &library, const Said &said) {
  if (said.is_late) {
    return Error{Kind::timeout, "looking at the plugin library " + library + " took longer than " +
                                    std::to_string(said.limit_ms) + " ms: it hangs while it is loaded"};
  }
  rapidjson::Document answer;
  answer.Parse(said.answer.data(), said.answer.size());
  if (answer.HasParseError() || !answer.IsObject()) {
    const std::string line = first_line(said.complaints);
    return Error{Kind::invalid, "cannot look at the plugin library " + library + ": bellhop-host was " +
                                    death_text(said.status) + (line.empty() ? "" : " after it said: " + line)};
  }
  if (const std::string refusal = text(answer, "error"); !refusal.empty()) return Error{Kind::invalid, refusal};
  return answer;
}

PluginManifest manifest_of(const rapidjson::Value &plugin, const std::string &library, std::uint32_t index) {
  PluginManifest manifest;
  manifest.library = library;
  manifest.index = index;
  manifest.id = text(plugin, "id");
  manifest.name = text(plugin, "name");
  manifest.version = text(plugin, "version");
  manifest.summary = text(plugin, "summary");
  manifest.vendor = text(plugin, "vendor");
  manifest.license = text(plugin, "license");
  manifest.url = text(plugin, "url");
  manifest.sdk = text(plugin, "sdk");
  manifest.abi_major = number(plugin, "abi_major");
  manifest.abi_minor = number(plugin, "abi_minor");
  manifest.is_singleton = flag(plugin, "is_singleton");
  manifest.is_batching = flag(plugin, "is_batching");
  manifest.is_ticking = flag(plugin, "is_ticking");
  manifest.has_health = flag(plugin, "has_health");
  if (const auto commands = plugin.FindMember("commands");
      commands != plugin.MemberEnd() && commands->value.IsArray()) {
    for (const auto &command : commands->value.GetArray()) {
      if (!command.IsObject()) continue;
      manifest.commands.push_back({text(command, "name"), text(command, "summary"), text(command, "arguments_schema")});
    }
  }
  manifest.events = list(plugin, "events");
  manifest.needs = list(plugin, "needs");
  manifest.wants = list(plugin, "wants");
  manifest.needs_missing = list(plugin, "needs_missing");
  manifest.settings_schema = text(plugin, "settings_schema");
  return manifest;
}

}  // namespace

Result<std::vector<PluginManifest>> describe_plugin(const std::string &library, const std::string &host_program,
                                                    Milliseconds limit_ms, const Containment &containment) {
  const auto said = ask(host_program, {"--describe", library, containment_text(containment)}, "", limit_ms);
  if (!said) return said.error();
  const auto answer = read_answer(library, *said);
  if (!answer) return answer.error();
  std::vector<PluginManifest> manifests;
  if (const auto plugins = answer->FindMember("plugins"); plugins != answer->MemberEnd() && plugins->value.IsArray()) {
    for (const auto &plugin : plugins->value.GetArray()) {
      if (plugin.IsObject())
        manifests.push_back(manifest_of(plugin, library, static_cast<std::uint32_t>(manifests.size())));
    }
  }
  if (manifests.empty()) return Error{Kind::invalid, library + ": bellhop-host named no plugin"};
  return manifests;
}

std::string missing_services(const PluginManifest &manifest) {
  return missing_services_sentence(manifest.id, manifest.needs_missing, Offer::everything);
}

Result<void> check_create(const PluginManifest &manifest, const std::string &instance_name,
                          const std::string &settings_json, const std::string &host_program, Milliseconds limit_ms,
                          const Containment &containment) {
  const auto said =
      ask(host_program,
          {"--check", manifest.library, std::to_string(manifest.index), instance_name, containment_text(containment)},
          settings_json, limit_ms);
  if (!said) return said.error();
  const auto answer = read_answer(manifest.library, *said);
  if (!answer) return answer.error();
  const int code = number(*answer, "code");
  if (code == 0) return {};
  const std::string message = text(*answer, "message");
  return Error{Kind::invalid, "plugin " + manifest.id + " refuses its settings: " +
                                  (message.empty() ? "create returned " + std::to_string(code) : message)};
}

}  // namespace bellhop::core
