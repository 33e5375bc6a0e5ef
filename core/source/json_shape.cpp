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

constexpr std::size_t slots_count = 128;    // of the table for small objects; a power of two
constexpr std::size_t small_keys_max = 64;  // keys of an object that the table is used for: half full at most

// Spreads keys over the table. Not keyed: an object small enough for the table bounds what a forger's collisions cost.
std::size_t slot_of(std::string_view key) {
  std::uint64_t head = 0, tail = 0;
  if (key.size() >= sizeof head) {
    std::memcpy(&head, key.data(), sizeof head);
    std::memcpy(&tail, key.data() + key.size() - sizeof tail, sizeof tail);
  } else {
    for (const char c : key) head = head << 8 | static_cast<unsigned char>(c);
  }
  const std::uint64_t mixed = (head ^ (tail * 0x9e3779b97f4a7c15ULL) ^ key.size()) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::size_t>(mixed >> 57);
}

class Walk {
 public:
  explicit Walk(std::size_t depth_max) : depth_max_(depth_max) {
    keys_.reserve(small_keys_max);
    children_.reserve(small_keys_max);
  }

  // Recursive: simdjson has refused what is deeper than its own limit of 1,024. False: stop, the answer is known.
  bool visit(dom::element element, std::size_t depth) {
    const bool is_object = element.is_object();
    if (!is_object && !element.is_array()) return true;
    if (depth >= depth_max_) {
      shape_.is_too_deep = true;
      return false;
    }
    const std::size_t begin = children_.size();
    if (is_object) {
      if (!collect(dom::object(element))) return false;
    } else {
      for (const dom::element child : dom::array(element)) keep_container(child);
    }
    for (std::size_t index = begin; index < children_.size(); ++index) {
      if (!visit(children_[index], depth + 1)) return false;
    }
    children_.resize(begin);
    return true;
  }
  JsonShape &shape() { return shape_; }

 private:
  void keep_container(dom::element element) {
    if (element.is_object() || element.is_array()) children_.push_back(element);
  }

  // One pass over the members: keys to compare, containers to visit. False: a key occurs twice.
  bool collect(dom::object object) {
    keys_.clear();
    for (auto member = object.begin(); member != object.end(); ++member) {
      keys_.push_back(member.key());
      keep_container(member.value());
    }
    return keys_.size() <= small_keys_max ? find_in_table() : find_by_sorting();
  }

  bool find_in_table() {
    std::array<std::uint8_t, slots_count> slots{};  // number of the key from 1; 0 = free
    std::uint8_t number = 0;
    for (const std::string_view key : keys_) {
      std::size_t slot = slot_of(key);
      for (; slots[slot] != 0; slot = (slot + 1) % slots_count) {
        if (keys_[slots[slot] - 1U] == key) return found(key);
      }
      slots[slot] = ++number;
    }
    return true;
  }

  bool find_by_sorting() {
    std::sort(keys_.begin(), keys_.end());
    const auto twin = std::adjacent_find(keys_.begin(), keys_.end());
    return twin == keys_.end() || found(*twin);
  }

  bool found(std::string_view key) {
    shape_.duplicate_key = std::string(key);
    return false;
  }

  const std::size_t depth_max_;
  std::vector<std::string_view> keys_;  // of the object in hand
  std::vector<dom::element> children_;  // arrays and objects still to visit, of all open levels
  JsonShape shape_;
};

}  // namespace

JsonShape shape_of(dom::element root, std::size_t depth_max) {
  Walk walk(depth_max);
  walk.visit(root, 0);
  return std::move(walk.shape());
}

}  // namespace bellhop::core
