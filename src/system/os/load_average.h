// LoadAverage: how busy the machine is, as the number of processes that run or wait for the processor or the disk,
// averaged by the kernel over the last minute (getloadavg(3), proc_loadavg(5)). Looked up at most every few seconds,
// however often it is asked for, so that a question costs nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace sluice::os {

// The first word of the text, a number that is not negative; nullopt: there is none.
std::optional<double> parse_load_average(std::string_view text);

class LoadAverage {
 public:
  static constexpr Duration kFresh{3'000};

  // source: a file whose text begins with the figure, as that of /proc/loadavg does.
  explicit LoadAverage(std::string source) : source_(std::move(source)) {}

  // nullopt: the source cannot be read or understood; then nobody should be turned away for it.
  std::optional<double> at(MonoTime now);
  // Another file from now on.
  void set_source(std::string source);

 private:
  std::string source_;
  std::optional<double> load_;
  std::optional<MonoTime> read_;
};

}  // namespace sluice::os
