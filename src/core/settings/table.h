// The table of settings.def as data: what every reader, writer and page of documentation about settings walks over.
// Immutable and static.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/settings/check.h"
#include "core/settings/quantity.h"
#include "core/settings/settings.h"

namespace sluice::settings {

// Integer is a count (std::uint32_t), size is octets (std::uint64_t).
template <class... T>
using MemberOf = std::variant<T Settings::*...>;
using Member = MemberOf<std::string, std::uint32_t, bool, std::chrono::seconds, std::uint64_t, BareNewline,
                        std::vector<std::string>, std::vector<Network>, std::vector<Endpoint>>;

// What a change of the setting needs before it counts.
enum class Change : std::uint8_t { kReload, kRestart };

// The default of a setting and what it may be.
struct Shape {
  std::string_view fallback;  // in the text form; entries of a list are separated by commas
  std::uint64_t least = 0;    // integer, size; seconds of a duration
  std::uint64_t most = 0;
  std::uint64_t least_but_zero = 0;  // zero is allowed, then nothing below this
  Check check = nullptr;             // text; each entry of a list of text
  bool is_path = false;              // a relative path begins at home
  bool may_be_empty = false;         // text
  bool has_lines = false;            // text: all lines of a control file, not only its first
  bool in_files = true;              // may stand in etc/sluice.toml
  bool whole_entries = false;        // list: an entry may hold commas and blanks; ; separates them; each -O adds

  constexpr Shape not_in_files() const {
    Shape shape = *this;
    shape.in_files = false;
    return shape;
  }
  constexpr Shape or_empty() const {
    Shape shape = *this;
    shape.may_be_empty = true;
    return shape;
  }
  constexpr Shape of_lines() const {
    Shape shape = *this;
    shape.has_lines = true;
    return shape;
  }
  constexpr Shape of_whole_entries() const {
    Shape shape = *this;
    shape.whole_entries = true;
    return shape;
  }
  constexpr Shape or_zero(std::uint64_t then_least) const {
    Shape shape = *this;
    shape.least_but_zero = then_least;
    return shape;
  }
};

struct Names {                                // empty: the setting has no such source
  std::string_view environment;               // variable
  std::string_view control;                   // file in control_dir
  std::string_view option;                    // sendmail's name; -O takes it without regard to case
  TimeUnit option_unit = TimeUnit::kMinutes;  // of a bare number under sendmail's name
  std::string_view old_environment = {};      // an older name of the variable, which counts less
  // Of a control file for one queue, before its name: "concurrencyl." for concurrencyl.queue1. It counts more than the
  // one for all.
  std::string_view queue_control = {};

  constexpr Names or_variable(std::string_view name) const {
    Names names = *this;
    names.old_environment = name;
    return names;
  }
  constexpr Names or_of_queue(std::string_view prefix) const {
    Names names = *this;
    names.queue_control = prefix;
    return names;
  }
};

struct Declaration {
  std::string_view section;
  std::string_view name;
  Member member;
  Shape shape;
  Names names;
  Change change;
  std::string_view sentence;
  std::string_view manual;
};

std::span<const Declaration> table();

bool is_list(const Declaration& setting);
const Declaration* find_by_name(std::string_view name);
// By the name that a user may give to -O: the setting's, sendmail's or that of the control file.
const Declaration* find_by_option(std::string_view name);
// The name in the table that looks most like a misspelt one; nothing if none comes near.
std::optional<std::string_view> nearest_name(std::string_view name);

std::string_view type_name(const Declaration& setting);  // "duration", "list of networks"
std::string allowed(const Declaration& setting);         // "a duration of 1s to 1w, such as 5d12h"
std::string fallback_text(const Declaration& setting);   // "7d", "value of me", "HOME/queue"

}  // namespace sluice::settings
