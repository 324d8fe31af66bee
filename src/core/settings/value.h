// One value of a setting: from text, to text, into Settings. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/settings/table.h"

namespace sluice::settings {

// Parses `text` as the one value of `setting` (no list) and puts it into `settings`, which stays as it was on an error.
// `unit` counts bare numbers of a duration.
Result<void, GrammarError> set_value(const Declaration& setting, std::string_view text, TimeUnit unit,
                                     Settings& settings);

// The same for lists: add one entry; make the list empty.
Result<void, GrammarError> add_entry(const Declaration& setting, std::string_view text, Settings& settings);
void clear_list(const Declaration& setting, Settings& settings);

// The value in the text form that set_value() takes; the entries of a list.
std::string value_text(const Declaration& setting, const Settings& settings);
std::vector<std::string> value_entries(const Declaration& setting, const Settings& settings);

// A part of a longer text and where in it the part begins.
struct Part {
  std::string_view text;
  std::size_t at;
};
// The entries of a list that stands on one line (command line, environment, defaults): separated by commas or blanks.
std::vector<Part> split_list(std::string_view text);

// `part` without the blanks around it (space, tab, CR), its place moved along.
Part trimmed(Part part);

}  // namespace sluice::settings
