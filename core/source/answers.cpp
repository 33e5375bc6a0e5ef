// SPDX-License-Identifier: Apache-2.0
#include "source/answers.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace bellhop::core {
namespace {

constexpr std::size_t word_bytes_max = 32;  // no slug or label that we know is longer

// Spellings in small letters without anything but letters and digits: "first-name", "first_name", "First name:".
struct Meaning {
  std::array<std::string_view, 9> words;  // of slugs and labels
  std::array<std::string_view, 3> kinds;
};
constexpr Meaning first_name_words{{"firstname", "givenname", "forename", "fname", "first", "yourfirstname"}, {}};
constexpr Meaning last_name_words{{"lastname", "surname", "familyname", "lname", "last", "yourlastname"}, {}};
constexpr Meaning name_words{{"name", "fullname", "yourname", "yourfullname", "customername", "attendeename"}, {}};
constexpr Meaning phone_words{{"phonenumber", "phone", "mobile", "mobilephone", "mobilenumber", "telephone",
                               "cellphone", "yourphonenumber", "telephonenumber"},
                              {"phonefield", "phonenumberfield", "phone"}};

std::string compact(const Text &text) {
  std::string word;
  for (const char c : text.value_or("")) {
    if (c >= 'A' && c <= 'Z') word += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) word += c;
    if (word.size() > word_bytes_max) return "";
  }
  return word;
}

// An answer that has a text, and its compact words.
struct Candidate {
  std::string slug, kind, label;
  std::string_view text;
};

std::vector<Candidate> candidates_of(const std::vector<Answer> &answers) {
  std::vector<Candidate> candidates;
  candidates.reserve(answers.size());
  for (const Answer &answer : answers) {
    if (answer.text.empty()) continue;
    candidates.push_back({compact(answer.slug), compact(answer.kind), compact(answer.label), answer.text});
  }
  return candidates;
}

template <std::size_t count>
bool is_one_of(std::string_view word, const std::array<std::string_view, count> &words) {
  return !word.empty() && std::find(words.begin(), words.end(), word) != words.end();
}

// The first answer whose slug fits; else by kind; else by label.
Text find_answer(const std::vector<Candidate> &candidates, const Meaning &meaning) {
  const auto first = [&](auto fits) -> Text {
    const auto at = std::find_if(candidates.begin(), candidates.end(), fits);
    return at == candidates.end() ? std::nullopt : Text(at->text);
  };
  if (const Text text = first([&](const Candidate &c) { return is_one_of(c.slug, meaning.words); })) return text;
  if (const Text text = first([&](const Candidate &c) { return is_one_of(c.kind, meaning.kinds); })) return text;
  return first([&](const Candidate &c) { return is_one_of(c.label, meaning.words); });
}

Answer read_answer(Fields entry) {
  Answer answer;
  std::optional<Fields> field = entry.find("field") ? entry.object("field") : std::nullopt;
  Fields &about = field ? *field : entry;
  answer.slug = about.first_text({"slug", "key"});
  answer.kind = about.first_text({"kind", "type"});
  if (std::optional<Fields> kwargs = about.object("kwargs")) answer.label = kwargs->text("label");
  if (!answer.label) answer.label = about.first_text({"label", "name", "question"});
  const std::optional<Fields::Element> value = entry.find("value");
  answer.value_json = value ? minified(*value) : "null";
  if (value) answer.text = people_text(*value);
  return answer;
}

}  // namespace

std::vector<Answer> read_answers(Fields &object) {
  std::vector<Answer> answers;
  for (const std::string_view key : {"fields", "answers", "field_submissions"}) {
    if (!object.find(key)) continue;
    std::vector<Fields> entries = object.objects(key);
    answers.reserve(entries.size());
    for (Fields &entry : entries) answers.push_back(read_answer(std::move(entry)));
    break;
  }
  return answers;
}

void guess_names(Attendee &attendee, const std::vector<Answer> &answers, Reading &reading) {
  const std::vector<Candidate> candidates = candidates_of(answers);
  const auto guess = [&](Text &member, const Meaning &meaning) {
    const Text found = member ? std::nullopt : find_answer(candidates, meaning);
    if (found) member = reading.keep(std::string(*found));  // answers may move; what the attendee holds may not
  };
  guess(attendee.first_name, first_name_words);
  guess(attendee.last_name, last_name_words);
  guess(attendee.name, name_words);
  guess(attendee.phone, phone_words);

  const bool has_part = attendee.first_name || attendee.last_name;
  if (!attendee.name && has_part) {
    if (!attendee.first_name || !attendee.last_name) {
      attendee.name = attendee.first_name ? attendee.first_name : attendee.last_name;
    } else {
      attendee.name = reading.keep(std::string(*attendee.first_name) + ' ' + std::string(*attendee.last_name));
    }
  } else if (attendee.name && !has_part) {
    const auto space = attendee.name->find(' ');
    attendee.first_name = attendee.name->substr(0, space);
    if (attendee.first_name->empty()) attendee.first_name = std::nullopt;
    if (space == std::string_view::npos) return;
    const auto last = attendee.name->find_first_not_of(' ', space);
    if (last != std::string_view::npos) attendee.last_name = attendee.name->substr(last);
  }
}

}  // namespace bellhop::core
