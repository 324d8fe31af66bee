// Environment: the "NAME=value" strings that a program is started with, as a value. Changing it changes nothing in this
// process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::os {

class Environment {
 public:
  Environment() = default;
  static Environment current();

  void set(std::string_view name, std::string_view value);  // replaces
  void unset(std::string_view name);
  std::optional<std::string> find(std::string_view name) const;
  const std::vector<std::string>& entries() const { return entries_; }

 private:
  std::vector<std::string> entries_;
};

}  // namespace sluice::os
