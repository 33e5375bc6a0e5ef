// SPDX-License-Identifier: Apache-2.0
#include "journal/high_water.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

namespace bellhop::core {
namespace {

// A slot: 8 bytes of text that name it, the mark (8 bytes, little-endian), the CRC32 of those 16 (4 bytes), 4 zero
// bytes.
constexpr std::size_t slot_size = 24;
constexpr char slot_name[9] = "BHLPMARK";

void write_slot(unsigned char *slot, Seq mark) {
  std::memset(slot, 0, slot_size);
  std::memcpy(slot, slot_name, 8);
  for (int i = 0; i < 8; ++i) slot[8 + i] = static_cast<unsigned char>(static_cast<std::uint64_t>(mark) >> (8 * i));
  const auto crc = static_cast<std::uint32_t>(crc32_z(0, slot, 16));
  for (int i = 0; i < 4; ++i) slot[16 + i] = static_cast<unsigned char>(crc >> (8 * i));
}

std::optional<Seq> read_slot(const unsigned char *slot) {
  std::uint64_t mark = 0;
  for (int i = 7; i >= 0; --i) mark = mark << 8 | slot[8 + i];
  unsigned char expected[slot_size];
  write_slot(expected, static_cast<Seq>(mark));
  if (std::memcmp(expected, slot, slot_size) != 0) return std::nullopt;
  return static_cast<Seq>(mark);
}

}  // namespace

Result<HighWater::Found> HighWater::read(const std::string &journal_path) {
  const std::string path = path_of(journal_path);
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return Found{};
    return Error{Kind::unavailable, "open " + path + ": " + error_text(errno)};
  }
  unsigned char slots[2 * slot_size] = {};
  const ssize_t size = pread(file.get(), slots, sizeof slots, 0);
  if (size < 0) return Error{Kind::unavailable, "read " + path + ": " + error_text(errno)};
  Found found;
  for (const unsigned char *slot : {slots, slots + slot_size}) {
    const std::optional<Seq> mark = read_slot(slot);
    if (mark && (!found.mark || *mark > *found.mark)) found.mark = mark;
    found.is_damaged |= !mark;
  }
  if (!found.mark) found.mark = 0;
  return found;
}

Result<HighWater> HighWater::open(const std::string &journal_path) {
  HighWater high_water;
  high_water.path_ = path_of(journal_path);
  high_water.file_ = File(::open(high_water.path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!high_water.file_.is_open()) {
    return Error{Kind::unavailable, "open " + high_water.path_ + ": " + error_text(errno)};
  }
  return high_water;
}

Result<void> HighWater::write(Seq mark) {
  unsigned char slot[slot_size];
  write_slot(slot, mark);
  const auto at = static_cast<off_t>(slot_ * slot_size);
  if (pwrite(file_.get(), slot, slot_size, at) != static_cast<ssize_t>(slot_size)) {
    return Error{Kind::unavailable,
                 "write the mark " + std::to_string(mark) + " to " + path_ + ": " + error_text(errno)};
  }
  slot_ ^= 1;
  is_synced_ = false;
  return {};
}

Result<void> HighWater::sync(Milliseconds steady_ms, bool is_forced) {
  if (is_synced_ || (!is_forced && steady_ms - synced_ms_ < mark_sync_ms)) return {};
  synced_ms_ = steady_ms;
  if (fdatasync(file_.get()) != 0) return Error{Kind::unavailable, "sync " + path_ + ": " + error_text(errno)};
  is_synced_ = true;
  return {};
}

}  // namespace bellhop::core
