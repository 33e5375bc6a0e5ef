// SPDX-License-Identifier: Apache-2.0
// Questions to a plugin: its health, a command. They block until it has answered.
#include "admin/pages.hpp"
#include "admin/request.hpp"
#include "event/utf8.hpp"

namespace bellhop::core {
namespace {

bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Sequence sequence = utf8_sequence(bytes, at);
    if (!sequence.is_valid) return false;
    at += sequence.size;
  }
  return true;
}

// A plugin that says no is an answer, not a refusal of ours: 200 with ok false.
HttpAnswer said(const AdminRooms &rooms, const std::string &instance, const Result<AnswerControl> &answer,
                Milliseconds began_ms, const std::string &command) {
  if (!answer) return refusal(answer.error());
  JsonWriter json;
  json.open('{').key("instance").text(instance).key("ok").boolean(answer->is_ok);
  json.key("verdict").text(answer->verdict).key("message").text(answer->message);
  json.key("took_ms").number(rooms.clock.steady_ms() - began_ms);
  if (!command.empty()) {
    json.key("command").text(command).key("output").text(answer->output);  // what is no UTF-8 becomes U+FFFD
    json.key("output_is_text").boolean(is_text(answer->output)).key("output_cut").boolean(answer->is_output_cut);
  }
  json.close('}');
  return json_answer(json);
}

}  // namespace

HttpAnswer health_question(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request) {
  if (!request.body.empty()) {
    const auto body = RequestBody::parse(request.body, {}, "the body is {} or empty");
    if (!body) return refusal(body.error());
  }
  const Milliseconds began_ms = rooms.clock.steady_ms();
  return said(rooms, instance, rooms.control.check(instance), began_ms, "");
}

HttpAnswer run_question(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request) {
  const auto body = RequestBody::parse(request.body, {"command", "arguments"},
                                       "the body is {\"command\":\"NAME\",\"arguments\":{…}}");
  if (!body) return refusal(body.error());
  const auto command = body->text("command");
  if (!command) return refusal(command.error());
  if (command->empty()) return refusal(body->fault("command", "is missing"));
  const auto arguments = body->object("arguments");
  if (!arguments) return refusal(arguments.error());
  const Milliseconds began_ms = rooms.clock.steady_ms();
  const auto answer = rooms.control.run(instance, *command, *arguments);
  rooms.log.info("admin", "ran " + *command + " of " + instance + ": " +
                              (answer ? answer->verdict : answer.error().sentence));  // arguments may be secrets
  return said(rooms, instance, answer, began_ms, *command);
}

}  // namespace bellhop::core
