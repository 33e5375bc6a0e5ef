// SPDX-License-Identifier: Apache-2.0
#include "source/json_shape.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace bellhop::core {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t slots_count = 128;         // of the table for small objects; a power of two
constexpr std::size_t small_keys_max = 64;       // keys of an object that the table is used for: half full at most

// Spreads keys over the table. Not keyed: an object small enough for the table bounds what a forger's collisions cost.
std::size_t slot_of(std::string_view key) {
  std::uint64_t head = 0, tail = 0;
  const std::size_t size = std::min<std::size_t>(key.size(), sizeof head);
  std::memcpy(&head, key.data(), size);
  std::memcpy(&tail, key.data() + key.size() - size, size);
  const std::uint64_t mixed = (head ^ (tail * 0x9e3779b97f4a7c15ULL) ^ key.size()) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::size_t>(mixed >> 57);
}

class Walk {
 public:
  explicit Walk(std::size_t depth_max) : depth_max_(depth_max) {}

  // Recursive: simdjson has refused what is deeper than its own limit of 1,024. False: stop, the answer is known.
  bool visit(dom::element element, std::size_t depth) {
    if (element.is_object()) return depth < depth_max_ ? visit_object(element, depth + 1) : too_deep();
    if (!element.is_array()) return true;
    if (depth >= depth_max_) return too_deep();
    for (const dom::element child : dom::array(element)) {
      if (!visit(child, depth + 1)) return false;
    }
    return true;
  }
  JsonShape &shape() { return shape_; }

 private:
  bool visit_object(dom::object object, std::size_t depth) {
    const std::size_t begin = keys_.size();
    bool has_children = false;
    for (auto member = object.begin(); member != object.end(); ++member) {
      keys_.push_back(member.key());
      const dom::element value = member.value();
      has_children = has_children || value.is_object() || value.is_array();
    }
    const bool is_unique = find_duplicate(begin);
    keys_.resize(begin);
    if (!is_unique) return false;
    if (!has_children) return true;
    for (auto member = object.begin(); member != object.end(); ++member) {
      if (!visit(member.value(), depth)) return false;
    }
    return true;
  }

  bool find_duplicate(std::size_t begin) {
    return keys_.size() - begin <= small_keys_max ? find_in_table(begin) : find_by_sorting(begin);
  }

  bool find_in_table(std::size_t begin) {
    std::array<std::uint8_t, slots_count> slots{};  // index of the key from 1; 0 = free
    for (std::size_t index = begin; index < keys_.size(); ++index) {
      std::size_t slot = slot_of(keys_[index]);
      for (; slots[slot] != 0; slot = (slot + 1) % slots_count) {
        if (keys_[begin + slots[slot] - 1] == keys_[index]) return found(keys_[index]);
      }
      slots[slot] = static_cast<std::uint8_t>(index - begin + 1);
    }
    return true;
  }

  bool find_by_sorting(std::size_t begin) {
    const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(begin);
    std::sort(first, keys_.end());
    const auto twin = std::adjacent_find(first, keys_.end());
    return twin == keys_.end() || found(*twin);
  }

  bool found(std::string_view key) {
    shape_.duplicate_key = std::string(key);
    return false;
  }
  bool too_deep() {
    shape_.is_too_deep = true;
    return false;
  }

  const std::size_t depth_max_;
  std::vector<std::string_view> keys_;  // of the object in hand; parents have finished with theirs
  JsonShape shape_;
};

}  // namespace

JsonShape shape_of(dom::element root, std::size_t depth_max) {
  Walk walk(depth_max);
  walk.visit(root, 0);
  return std::move(walk.shape());
}

}  // namespace bellhop::core
