// SPDX-License-Identifier: Apache-2.0
// Input and Action: everything that goes into the engine and everything that comes out of it. Plain values; whoever
// carries them (the shell's thread, a simulation) decides nothing.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "delivery/plan.hpp"

namespace bellhop::core {

using SettleTicket = std::uint64_t;    // names one Settle action, so that its outcome can be told apart
using QuestionTicket = std::uint64_t;  // names what somebody asked a plugin, from 1; 0: the engine itself, a tick

// One parcel of a Send.
struct Ticket {
  DeliveryKey key;
  int attempt = 1;
  std::uint32_t flags = 0;  // BHP_EV_REPLAY and BHP_EV_REDELIVERY; the carrier adds TEST and LATE, which it alone sees
};

// ---- inputs ---------------------------------------------------------------------------------------------------------
struct Committed {};  // events or replays may have become durable
struct Timer {};      // next_timer() has come
struct Stop {};       // offer nothing new, stop every worker
struct Ready {
  InstanceId instance = 0;
  int worker = 0;
  bool is_batching = false;
  bool is_ticking = false;
};
struct Asked {  // somebody wants to know; answered by GiveAnswer, at the latest when wait_ms_max and a deadline are
                // over
  InstanceId instance = 0;
  QuestionTicket ticket = 0;
  Question question = {};
  Milliseconds wait_ms_max = 10'000;  // for an idle worker
};
struct Told {  // to the last Ask of this worker
  InstanceId instance = 0;
  int worker = 0;
  PluginAnswer answer = {};
  Milliseconds next_tick_ms = -1;  // of a tick; below 0: no more
};
struct Answered {  // to the last Send of this worker, without the tickets that were NotSent
  InstanceId instance = 0;
  int worker = 0;
  std::int32_t batch_code = 0;
  std::vector<PluginAnswer> answers;
  Staged staged = {};                       // of the whole call; Report::staged
  std::vector<std::string> exchanges = {};  // of the whole call; Report::exchanges
};
struct Died {
  InstanceId instance = 0;
  int worker = 0;
  std::string sentence;
  bool is_refusal = false;
  bool is_unread = false;                   // it had not read the last Send, and so had no part in it
  std::vector<std::string> exchanges = {};  // of the call that it died in
  std::string crash = {};                   // Report::crash
};
struct NotSent {  // one ticket of the last Send did not go out; told before that Send's Answered or Died
  enum class Why {
    damaged,     // the stored row is not what was written
    unreadable,  // the journal could not be read now
    no_room,     // the call was full
    no_child,    // it is gone: Died is on its way, and is not to be charged to this event
  };
  InstanceId instance = 0;
  int worker = 0;
  DeliveryKey key;
  Why why = Why::no_room;
  std::string sentence;
};
struct Settled {
  SettleTicket ticket = 0;
  Result<void> result;
};
using Input = std::variant<Committed, Timer, Stop, Ready, Answered, Died, NotSent, Settled, Asked, Told>;

// ---- actions --------------------------------------------------------------------------------------------------------
struct SpawnWorker {  // answered by Ready or Died
  InstanceId instance = 0;
  int worker = 0;
};
struct Send {  // answered by Answered or Died, after any NotSent; when all are NotSent, by nothing more
  InstanceId instance = 0;
  int worker = 0;
  std::vector<Ticket> tickets;
  Milliseconds budget_ms = 0;
  std::int64_t backlog_count = 0;
};
struct Ask {  // answered by Told or Died
  InstanceId instance = 0;
  int worker = 0;
  QuestionTicket ticket = 0;
  Question question;
};
struct GiveAnswer {  // to an Asked
  QuestionTicket ticket = 0;
  Result<PluginAnswer> answer;
};
struct SettleDeliveries {  // answered by Settled. The carrier fills in settled_ms: the engine knows no wall clock
  SettleTicket ticket = 0;
  SettleBatch batch;
};
struct KillWorker {  // answered by Died
  InstanceId instance = 0;
  int worker = 0;
  std::string why;
};
struct StopWorker {  // answered by Died
  InstanceId instance = 0;
  int worker = 0;
};
struct Alarm {              // a line for the operator
  InstanceId instance = 0;  // 0: the whole of delivery
  Level level = Level::warn;
  std::string sentence;
};
struct Observe {  // the carrier fills in the event's id and subject, which the engine does not know
  DeliveryKey key;
  Attempt attempt;
};
using Action =
    std::variant<SpawnWorker, Send, Ask, GiveAnswer, SettleDeliveries, KillWorker, StopWorker, Alarm, Observe>;

// One decision on its way to the disk, and what is to be told once it is there.
struct Decided {
  Settlement settlement;
  Attempt attempt;
  bool is_hold = false;  // waiting, and stays in memory as the probe of a held instance
};

// What one step collects.
struct Outbox {
  std::vector<Action> actions;
  std::vector<Decided> decided;
  std::vector<CursorMove> cursors;
};

}  // namespace bellhop::core
