// SPDX-License-Identifier: Apache-2.0
#include "http/visitor.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "http/lobby.hpp"

namespace bellhop::core {
namespace {

constexpr std::size_t in_bytes_first = 8 << 10;  // holds a usual webhook with its head
constexpr std::size_t in_bytes_max = 64 << 10;
// Long and large enough for a sender to finish its body and read why it was refused; short enough to bound an attack.
constexpr Milliseconds drain_ms_max = 2'000;

}  // namespace

char *InBuffer::room(std::size_t &size) {
  if (begin_ > 0) {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) {
    // The head parser refuses what is over its limit, so only header_bytes_max can ask for more than in_bytes_max.
    const std::size_t capacity = capacity_ == 0 ? in_bytes_first : capacity_ * 2;
    std::unique_ptr<char[]> data(new char[capacity]);
    if (end_ > 0) std::memcpy(data.get(), data_.get(), end_);
    data_ = std::move(data);
    capacity_ = capacity;
  }
  size = std::min(capacity_ - end_, in_bytes_max);
  return data_.get() + end_;
}

Visitor::Visitor(int descriptor, Lobby &lobby, const Address &peer_address)
    : StreamSocketImpl(static_cast<poco_socket_t>(descriptor)),
      peer(peer_address),
      peer_text(peer_address.text()),
      lobby_(lobby) {}

Visitor::~Visitor() {
  turns_count.load(std::memory_order_acquire);
  lobby_.forget(*this);
}

Poco::Net::SocketAddress Visitor::address() {
  return Poco::Net::SocketAddress(Poco::Net::AddressFamily::UNIX_LOCAL, "visitor");
}

void Visitor::refuse(std::string_view answer_bytes, Milliseconds now_ms) {
  // A fresh answer fits any send buffer; where it does not, the reader does not read and loses nothing it would see.
  [[maybe_unused]] const ssize_t sent =
      ::send(descriptor(), answer_bytes.data(), answer_bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  start_draining(now_ms);
}

void Visitor::start_draining(Milliseconds now_ms) {
  ::shutdown(descriptor(), SHUT_WR);
  talk.reset();
  phase = Phase::draining;
  deadline_ms = now_ms + drain_ms_max;
}

}  // namespace bellhop::core
