// SPDX-License-Identifier: Apache-2.0
// The pages of the admin API, one function each; admin.cpp says which path leads where. All of them may be called by
// several threads at once. [any]
#pragma once

#include <string>
#include <string_view>

#include "admin/rooms.hpp"

namespace bellhop::core {

// dead.cpp
HttpAnswer dead_page(const AdminRooms &rooms, const HttpRequest &request);
HttpAnswer drop_page(const AdminRooms &rooms, const HttpRequest &request);
// replays.cpp
HttpAnswer replay_page(const AdminRooms &rooms, const HttpRequest &request);
// explain.cpp
HttpAnswer explain_page(const AdminRooms &rooms, const std::string &reference);
// kept.cpp: what an instance keeps, and what is erased of a person
HttpAnswer kv_page(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request);
HttpAnswer documents_page(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request);
HttpAnswer forget_page(const AdminRooms &rooms, const HttpRequest &request);
// questions.cpp
HttpAnswer health_question(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request);
HttpAnswer run_question(const AdminRooms &rooms, const std::string &instance, const HttpRequest &request);

}  // namespace bellhop::core
