// SPDX-License-Identifier: Apache-2.0
// A Batch as the views that the wire and a guest take. The views point into the batch and into `ids`, which holds the
// text form of the events' ids.
#pragma once

#include <string>
#include <vector>

#include "host/instance.hpp"
#include "host/wire.hpp"

namespace bellhop::core {

inline wire::BatchView view_of(const Batch &batch, std::vector<std::string> &ids) {
  wire::BatchView view;
  view.budget_ms = batch.budget_ms;
  view.backlog_count = batch.backlog_count;
  ids.clear();
  ids.reserve(batch.parcels.size());  // no id moves once a view points to it
  view.parcels.reserve(batch.parcels.size());
  for (const Parcel &parcel : batch.parcels) {
    ids.push_back(parcel.id.text());
    view.parcels.push_back({ids.back(), parcel.type, parcel.subject, parcel.json, parcel.body, parcel.occurred_ms,
                            parcel.received_ms, parcel.seq, parcel.flags, parcel.attempt, parcel.attempts_max});
  }
  return view;
}

}  // namespace bellhop::core
