// SPDX-License-Identifier: Apache-2.0
// The seam of this wave: gone as soon as both journals implement these.
#include "journal/journal.hpp"

namespace bellhop::core {

namespace {
const Error not_built{Kind::internal, "the journal does not offer this yet"};
}

Result<std::int64_t> Journal::replay_all(InstanceId, const std::vector<Seq> &) { return not_built; }
Result<void> Journal::drop(InstanceId, Seq) { return not_built; }
Result<std::optional<std::string>> Journal::kv_get(InstanceId, std::string_view) { return not_built; }
Result<std::vector<std::pair<std::string, std::string>>> Journal::kv_list(InstanceId, std::string_view,
                                                                          std::string_view, int) {
  return not_built;
}
Result<std::optional<Document>> Journal::document(InstanceId, std::string_view) { return not_built; }

}  // namespace bellhop::core
