#include "system/os/load_average.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cmath>

#include "system/os/fd.h"

namespace sluice::os {

std::optional<double> parse_load_average(std::string_view text) {
  double load = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), load);
  const bool whole_word = end == text.data() + text.size() || *end == ' ' || *end == '\n';
  if (error != std::errc() || !whole_word || !std::isfinite(load) || load < 0) return std::nullopt;
  return load;
}

std::optional<double> LoadAverage::at(MonoTime now) {
  if (read_ && now - *read_ < kFresh) return load_;
  read_ = now;
  load_.reset();
  const Fd file(::open(source_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, 64> text;
  const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (length > 0) load_ = parse_load_average({text.data(), static_cast<std::size_t>(length)});
  return load_;
}

void LoadAverage::set_source(std::string source) {
  if (source == source_) return;
  source_ = std::move(source);
  read_.reset();
}

}  // namespace sluice::os
