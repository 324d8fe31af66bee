#include "system/os/environment.h"

#include <unistd.h>

namespace sluice::os {

namespace {

bool is_of(std::string_view entry, std::string_view name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.substr(0, name.size()) == name;
}

}  // namespace

Environment Environment::current() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    environment.entries_.emplace_back(*entry);
  return environment;
}

void Environment::set(std::string_view name, std::string_view value) {
  unset(name);
  entries_.push_back(std::string(name).append("=").append(value));
}

void Environment::unset(std::string_view name) {
  std::erase_if(entries_, [&](const std::string& entry) { return is_of(entry, name); });
}

std::optional<std::string> Environment::find(std::string_view name) const {
  for (const std::string& entry : entries_)
    if (is_of(entry, name)) return entry.substr(name.size() + 1);
  return std::nullopt;
}

}  // namespace sluice::os
