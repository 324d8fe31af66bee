#include "message_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "core/settings/sendmail_options.h"
#include "core/settings/table.h"

namespace sluice::sendmail {

namespace {

// Options of sendmail's whose place is elsewhere, if anywhere: they are refused, because what they ask for would be
// missed.
constexpr std::array<std::string_view, 10> kRefused{
    "DaemonPortOptions", "DefaultUser", "ErrorHeader",    "FallbackMXhost",  "ForwardPath",
    "HelpFile",          "StatusFile",  "PostmasterCopy", "ResolverOptions", "UserDatabaseSpec"};

// As sendmail reads a truth value: nothing at all is true.
std::optional<bool> truth(std::string_view value) {
  if (value.empty()) return true;
  constexpr std::string_view kTrue = "tTyY1*", kFalse = "fFnN0";
  if (kTrue.find(value.front()) != std::string_view::npos) return true;
  if (kFalse.find(value.front()) != std::string_view::npos) return false;
  return std::nullopt;
}

using Taken = Result<void, std::string>;

Taken take_truth(std::string_view name, std::string_view value, bool& flag) {
  const auto read = truth(value);
  if (!read) return fail(fmt::format("{}={}: true or false is expected", name, value));
  flag = *read;
  return {};
}

Taken refused(std::string_view name) {
  if (std::find(kRefused.begin(), kRefused.end(), name) != kRefused.end())
    return fail(fmt::format("{} is not an option of one message; sluice.toml(5) says what can be set", name));
  const auto nearest = settings::nearest_name(name);
  return fail(fmt::format("there is no option \"{}\"{}", name,
                          nearest ? fmt::format("; did you mean {}?", *nearest) : std::string()));
}

// Background, interactive, queue-only and defer are known by their first letters; nothing at all is interactive.
Taken take_delivery_mode(std::string_view value, Options& options) {
  if (value.empty()) value = "i";
  if (std::string_view("biqd").find(value.front()) == std::string_view::npos)
    return fail(fmt::format("Unknown delivery mode {}", value.front()));
  options.settings.push_back({"DeliveryMode", std::string(value)});
  return {};
}

// What the table of settings knows, under any name, is checked when the settings are read.
Taken take_setting(std::string_view name, std::optional<std::string_view> value, Options& options) {
  if (ascii_equal_ignore_case(name, "Timeout.queuereturn") && value && ascii_equal_ignore_case(*value, "now")) {
    options.return_now = true;
    return {};
  }
  const settings::Declaration* setting = settings::find_by_option(name);
  const bool known = setting != nullptr || settings::find_translated(name) || settings::find_ignored(name);
  if (!known) return refused(name);
  const bool may_be_alone = setting == nullptr || settings::type_name(*setting) == "boolean";
  if (!value && !may_be_alone) return fail(fmt::format("-O {}: a value is missing", name));
  const std::string fallback = setting == nullptr ? "" : "true";
  options.settings.push_back({std::string(name), value && !value->empty() ? std::string(*value) : fallback});
  return {};
}

Taken take(std::string_view name, std::optional<std::string_view> value, Options& options) {
  if (ascii_equal_ignore_case(name, "IgnoreDots")) return take_truth(name, value.value_or(""), options.ignore_dots);
  if (ascii_equal_ignore_case(name, "Verbose")) return take_truth(name, value.value_or(""), options.verbose);
  if (ascii_equal_ignore_case(name, "ErrorMode")) return take_error_mode(value.value_or(""), options);
  if (ascii_equal_ignore_case(name, "DeliveryMode")) return take_delivery_mode(value.value_or(""), options);
  return take_setting(name, value, options);
}

}  // namespace

Result<void, std::string> take_error_mode(std::string_view value, Options& options) {
  switch (value.empty() ? '\0' : value.front()) {
    case 'p':
    case 'w':
      options.errors = Errors::kPrint;
      return {};
    case 'q':
      options.errors = Errors::kQuiet;
      return {};
    case 'm':
      options.errors = Errors::kMail;
      return {};
    case 'e':
      options.errors = Errors::kMailAndCheer;
      return {};
    default:
      return fail(fmt::format("unknown error mode \"{}\": p, q, m, w and e are known", value));
  }
}

Result<void, std::string> take_letter(std::string_view text, Options& options) {
  if (text.empty()) return fail(std::string("-o needs a letter"));
  const std::string_view name = settings::option_of_letter(text.front());
  if (name.empty()) return fail(fmt::format("there is no option -o{}", text.front()));
  return take(name, text.substr(1), options);
}

Result<void, std::string> take_named(std::string_view text, Options& options) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  if (equals == text.npos) return take(name, std::nullopt, options);
  return take(name, text.substr(equals + 1), options);
}

}  // namespace sluice::sendmail
