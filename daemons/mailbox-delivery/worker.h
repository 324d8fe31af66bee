// The process of one user to which qmail-lspawn hands letters for a while (qmail-local --worker). Takes all letters
// that are there in one turn: those that go into Maildirs only are delivered together, the others by children. While a
// batch is made durable the next one is written; children are made between two batches.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "batch_commits.h"
#include "body.h"
#include "core/link/worker.h"
#include "maildir_batch.h"
#include "slow_letters.h"
#include "system/net/loop.h"
#include "system/net/stream.h"

namespace sluice::mailbox_delivery {

class Worker {
 public:
  // `bodies`: see link::kLetterBodies. `replacement`: QMAILLOCAL, or empty.
  Worker(net::Loop& loop, os::Fd spawner, os::Fd bodies, std::string replacement);

 private:
  std::size_t receive(Octets octets);
  bool take(const link::Frame& frame);
  bool take(const link::Letter& letter, Octets payload);
  void deliver(const link::Letter& letter, Octets payload, os::Fd file);
  void commit();
  void committed(BatchCommits::Outcomes outcomes);
  void answer(const link::LetterDone& done);
  void answer(std::uint64_t token, mail::Outcome outcome);
  void spawner_is_gone();
  void end_if_idle();

  net::Loop& loop_;
  os::Fd bodies_;
  std::string replacement_;
  std::shared_ptr<net::Stream> spawner_;
  std::optional<link::WorkerSetup> setup_;
  std::optional<SlowLetters> slow_;
  std::uint64_t sequence_ = 0;
  std::unique_ptr<MaildirBatch> batch_;  // being written
  BatchCommits commits_;
  net::Timer last_wait_;
  bool ending_ = false;
};

// Runs it on the descriptors of a worker.
int run_worker();

}  // namespace sluice::mailbox_delivery
