// SPDX-License-Identifier: Apache-2.0
// Multistatus: the little of WebDAV's XML that we need, read without an XML library: which resources an answer names,
// and which of them are calendars. Untrusted: anything may stand there; what is not understood is not there. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace calendar {

struct Resource {
  std::string href;          // as the server wrote it, entities resolved
  bool is_calendar = false;  // its resourcetype has an element `calendar`
};

// The resources of a DAV:multistatus, in its order, 1,000 at most. Prefixes of namespaces are not looked at: an
// element's own name is enough for what is asked.
std::vector<Resource> resources_of(std::string_view xml);

// Does an element of this name, with any prefix, open in the text?
bool has_element(std::string_view xml, std::string_view name);

}  // namespace calendar
