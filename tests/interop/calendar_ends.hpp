// SPDX-License-Identifier: Apache-2.0
// The real ends of the plugin calendar: CalDAV servers with an empty calendar each, and a booking's life to put there.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <ostream>
#include <string>

#include "interop/served_program.hpp"
#include "support/plugin_street.hpp"

namespace bellhop::test::interop {

inline const std::string calendar_library = BELLHOP_PLUGIN_DIR "/calendar.so";

struct Server {
  std::string module;      // of Python; also its name
  std::string collection;  // path of the calendar, with slashes around
  std::string username = "ann", password = "s3cr3t";
};

inline void PrintTo(const Server &server, std::ostream *out) { *out << server.module; }

inline const Server radicale{"radicale", "/ann/bookings/"};
inline const Server xandikos{"xandikos", "/user/calendars/calendar/"};

// One of them, running on a directory of its own.
class RunningServer {
 public:
  explicit RunningServer(const Server &server) : server_(server), port_(free_port()) {
    const std::string port = std::to_string(port_), folder = directory_.path() / "data";
    std::vector<std::string> command{"/usr/bin/python3", "-m"};
    if (server.module == "radicale") {
      std::ofstream(directory_.path() / "users") << server.username << ":" << server.password << "\n";
      command.insert(command.end(),
                     {"radicale", "--config", "", "--server-hosts", "127.0.0.1:" + port, "--storage-filesystem-folder",
                      folder, "--auth-type", "htpasswd", "--auth-htpasswd-filename", directory_.path() / "users",
                      "--auth-htpasswd-encryption", "plain"});
    } else {
      command.insert(command.end(), {"xandikos.web", "--listen-address", "127.0.0.1", "--port", port, "--directory",
                                     folder, "--defaults"});
    }
    program_ = std::make_unique<ServedProgram>(command, port_, directory_.path() / "log");
    EXPECT_TRUE(program_->is_ready()) << program_->said();
    if (server.module == "radicale") {
      EXPECT_EQ(curl("MKCALENDAR", url()).code, 0) << program_->said();
    }
  }

  int port() const { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return origin() + server_.collection; }
  const Server &server() const { return server_; }
  std::string said() const { return program_->said(); }

  // A request of somebody else's.
  Ran curl(const std::string &method, const std::string &to, std::vector<std::string> more = {}) const {
    std::vector<std::string> command{"curl", "-sS", "-f", "-u", server_.username + ":" + server_.password,
                                     "-X",   method};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(to);
    return run(command, directory_.path());
  }
  // All that the calendar holds, one text.
  std::string everything() const {
    return curl("REPORT", url(),
                {"-H", "Depth: 1", "-H", "Content-Type: application/xml", "--data-binary",
                 R"(<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>)"
                 R"(<C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>)"
                 R"(</C:calendar-query>)"})
        .output;
  }
  std::string settings(const std::string &password) const {
    return R"({"feed":false,"caldav":[{"url":")" + url() + R"(","username":")" + server_.username +
           R"(","password":")" + password + R"("}]})";
  }
  std::string settings() const { return settings(server_.password); }
  std::filesystem::path home() const { return directory_.path(); }

 private:
  const Server server_;
  const TemporaryDirectory directory_{"interop"};
  const int port_;
  std::unique_ptr<ServedProgram> program_;
};

// The published sample, without its link to the vendor's file.
inline std::string sample(const std::vector<std::pair<std::string, std::string>> &edits = {}) {
  const std::string body =
      with_edits(payload_text("legacy_booking_confirmed.json"), {{"https://api.appointlet.com", "https://x.invalid"}});
  return with_edits(body, edits);
}
inline std::string moved_sample() {
  return sample({{R"("action": "confirmed")", R"("action": "rescheduled")"},
                 {R"("start": "2014-01-01T00:00:00Z")", R"("start": "2014-01-02T10:00:00Z")"},
                 {R"("end": "2014-01-01T00:00:00Z")", R"("end": "2014-01-02T10:30:00Z")"}});
}
inline std::string canceled_sample() {
  return sample({{R"("action": "confirmed")", R"("action": "canceled")"},
                 {R"("start": "2014-01-01T00:00:00Z")", R"("start": "2014-01-02T10:00:00Z")"},
                 {R"("end": "2014-01-01T00:00:00Z")", R"("end": "2014-01-02T10:30:00Z")"},
                 {R"("canceled": false)", R"("canceled": true)"}});
}

}  // namespace bellhop::test::interop
