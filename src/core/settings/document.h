// The pages that are made from the table, so that no page can say anything else than the code does. Pure: text out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/settings/settings.h"
#include "core/settings/table.h"

namespace sluice::settings {

std::string markdown_page();  // docs/settings.md
std::string manual_page();    // man/sluice.toml.5

// An etc/sluice.toml with every setting, its sentence and its value in `settings`. All are commented out but those
// named in `chosen`; taking a # away leaves the meaning as it was.
std::string sample_file(const Settings& settings, std::span<const std::string_view> chosen);

// `text` in lines of at most `width` columns, broken at blanks; a longer word has a line of its own.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace sluice::settings
