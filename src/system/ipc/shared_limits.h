// InstanceLimits: the table of limits (core/schedule/limit_table.h) that the qmail-sends of one instance share, as a
// mapped file, with what its protocol needs from outside:
//
//   RUN/limits/table    the memory; octet ranges of it are locked (F_OFD_SETLK), which the kernel undoes when a process
//                       ends, however it ends: octet C by the owner of column C, octet 64 while the table is made
//   RUN/limits/bell-C   datagram socket of the owner of column C: four octets, the number of a row in which a slot was
//                       reserved for it, in native order; 2^32-1: look at all
//
// The first to open it makes the table anew. A column is claimed for as long as the object lives; queue N gets column N
// mod 64, or the next that is free. What an earlier owner left in it is zeroed; columns whose owners ended and do not
// come back are zeroed by whoever waits. An address that is gone, a full socket and octets that say nothing are not
// errors: calls may get lost (SharedLimits). Only qmail-send may open it: the directory is its user's alone.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "core/schedule/limit_table.h"
#include "system/net/loop.h"
#include "system/os/fd.h"

namespace sluice::ipc {

class InstanceLimits final : private schedule::LimitPeers {
 public:
  using Row = schedule::SharedLimits::Row;

  // `directory` is RUN/limits; `tell` hears, once, that the table is full.
  //   errors  a sentence: the file or socket cannot be made, another version of it is in use, no column is free
  static Result<std::unique_ptr<InstanceLimits>, std::string> open(const std::string& directory, unsigned queue,
                                                                   std::function<void(const std::string&)> tell);
  ~InstanceLimits() override;
  InstanceLimits(const InstanceLimits&) = delete;

  schedule::SharedLimits& limits() { return *limits_; }
  unsigned column() const { return column_; }

  // Calls `freed` in the loop for each row in which a slot was reserved for us; SharedLimits::kNoRow: for any.
  void listen(net::Loop& loop, std::function<void(Row)> freed);

 private:
  explicit InstanceLimits(std::string directory) : directory_(std::move(directory)) {}
  std::string open_table(unsigned queue);
  std::string make_table();
  std::string claim(unsigned queue);
  std::string open_bell();
  bool lock(unsigned octet) const;
  void unlock(unsigned octet) const;
  bool is_locked_by_others(unsigned first, unsigned count) const;
  void send(unsigned column, Row row) const;
  void tell_all() const;
  std::string bell_of(unsigned column) const;

  void ring(unsigned column, Row row) override { send(column, row); }
  void bury() override;
  void full() override;

  std::string directory_;
  std::function<void(const std::string&)> tell_;
  bool told_ = false;
  os::Fd file_, bell_, sender_;
  schedule::LimitTable* table_ = nullptr;
  unsigned column_ = schedule::kLimitColumns;
  std::optional<schedule::LimitColumn> limits_;
  std::array<std::optional<MonoTime>, schedule::kLimitColumns> gone_since_;
  struct Listener;
  std::shared_ptr<Listener> listener_;
};

}  // namespace sluice::ipc
