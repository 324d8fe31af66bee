#include "worker.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>

#include "carry_out.h"
#include "core/link/messages.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

constexpr std::size_t kMostDrafts = 128;     // open at once
constexpr Duration kLastWait = Seconds{60};  // for what children are writing, after qmail-lspawn has gone

// The body that was sent ahead of the letter; nothing: the two sides are out of step.
os::Fd receive_body(int socket, std::uint64_t token) {
  std::uint64_t sent = 0;
  iovec part{&sent, sizeof sent};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t count = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  const cmsghdr* header = count < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return {};
  int file = -1;
  std::memcpy(&file, CMSG_DATA(header), sizeof file);
  os::Fd received(file);
  return count == sizeof sent && sent == token ? std::move(received) : os::Fd();
}

}  // namespace

Worker::Worker(net::Loop& loop, os::Fd spawner, os::Fd bodies, std::string replacement)
    : loop_(loop),
      bodies_(std::move(bodies)),
      replacement_(std::move(replacement)),
      spawner_(net::Stream::adopt(loop, std::move(spawner))),
      commits_(loop, [this](BatchCommits::Outcomes outcomes) { committed(std::move(outcomes)); }),
      last_wait_(loop, [&loop] { loop.stop(); }) {
  spawner_->start({[this](Octets octets) { return receive(octets); }, [this](int) { spawner_is_gone(); }});
}

std::size_t Worker::receive(Octets octets) {
  std::size_t consumed = 0;
  for (;;) {
    const auto split = link::split_frame(octets.substr(consumed));
    if (split && split->consumed == 0) break;
    if (!split || !take(split->frame)) {
      spawner_->close();
      spawner_is_gone();
      break;
    }
    consumed += split->consumed;
  }
  commit();
  return consumed;
}

bool Worker::take(const link::Frame& frame) {
  if (frame.type == link::FrameType::kWorkerSetup && !setup_) {
    setup_ = link::WorkerSetup::decode(frame.payload);
    if (!setup_ || setup_->version != link::kProtocolVersion) return false;
    slow_.emplace(loop_, *setup_, replacement_, [this](const link::LetterDone& done) {
      answer(done);
      end_if_idle();
    });
    return true;
  }
  if (frame.type != link::FrameType::kLetter || !setup_) return false;
  const auto letter = link::Letter::decode(frame.payload);
  return letter && take(*letter, frame.payload);
}

bool Worker::take(const link::Letter& letter, Octets payload) {
  os::Fd file;
  if (letter.body_follows && !(file = receive_body(bodies_.get(), letter.token))) return false;
  try {
    deliver(letter, payload, std::move(file));
  } catch (const std::exception& exception) {
    answer(letter.token, deferred(fmt::format("Delivery failed: {}", exception.what())));
  }
  return true;
}

void Worker::deliver(const link::Letter& letter, Octets payload, os::Fd file) {
  const auto later = [&](os::Fd body) {
    link::append_message(spawner_->output(), link::LetterSlow{letter.token});
    spawner_->flush_later();
    slow_->take(letter.token, payload, std::move(body));
  };
  if (!replacement_.empty() || letter.addressee == link::Addressee::kAlias) return later(std::move(file));
  const int again = letter.body_follows ? ::dup(file.get()) : -1;
  os::Fd kept(again);
  const Body body = letter.body_follows ? Body(std::move(file), letter.line_form) : Body(letter.body, letter.line_form);
  if (auto trouble = find_loop(letter, *setup_, body)) return answer(letter.token, std::move(*trouble));
  if (auto trouble = enter_home(letter)) return answer(letter.token, std::move(*trouble));
  const auto directions = find_directions(letter);
  if (!directions) return answer(letter.token, directions.error());
  if (!directions->only_maildirs()) return later(std::move(kept));
  if (!batch_) batch_ = std::make_unique<MaildirBatch>(setup_->host, sequence_);
  batch_->begin_letter(letter.token);
  const std::string header = header_for(letter);
  for (const auto& one : directions->instructions)
    batch_->add(std::string(letter.home), std::get<local::Maildir>(one.action).path,
                {header, letter.line_form, body.read()});
  if (batch_->drafts() < kMostDrafts) return;
  commits_.wait();
  commit();
}

void Worker::commit() {
  if (!batch_ || commits_.busy()) return;
  slow_->hold(true);
  commits_.start(std::move(batch_));
}

void Worker::committed(BatchCommits::Outcomes outcomes) {
  for (auto& [token, outcome] : outcomes) answer(token, std::move(outcome));
  slow_->hold(false);
  commit();
  end_if_idle();
}

void Worker::answer(std::uint64_t token, mail::Outcome outcome) { answer({token, std::move(outcome), {}, {}}); }

void Worker::answer(const link::LetterDone& done) {
  if (ending_) return;
  link::append_message(spawner_->output(), done);
  spawner_->flush_later();
}

void Worker::spawner_is_gone() {
  if (std::exchange(ending_, true)) return;
  if (slow_) slow_->stop();
  last_wait_.set_after(kLastWait);
  end_if_idle();
}

void Worker::end_if_idle() {
  if (ending_ && !commits_.busy() && (!slow_ || slow_->empty())) loop_.stop();
}

int run_worker() {
  // Processes of the same user must not look into this one, which holds letters that he has not got yet.
  ::prctl(PR_SET_DUMPABLE, 0);
  ::umask(077);
  for (const int signo : {SIGTERM, SIGINT, SIGHUP}) std::signal(signo, SIG_IGN);  // qmail-lspawn says when to end
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGCHLD, SIG_IGN);  // children report by their sockets
  const char* const replacement = std::getenv("QMAILLOCAL");
  net::Loop loop;
  Worker worker(loop, os::Fd(link::kToSpawner), os::Fd(link::kLetterBodies), replacement == nullptr ? "" : replacement);
  loop.run();
  return 0;
}

}  // namespace sluice::mailbox_delivery
