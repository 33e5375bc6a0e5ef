// SPDX-License-Identifier: Apache-2.0
// The service bellhop.json/1 of the test host, over RapidJSON. Slow and plain.
#pragma once

#include <bellhop/plugin.h>

namespace bellhop::test {

const bhp_json_v1 &json_service();

}  // namespace bellhop::test
