#include "system/mbox/mailbox.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/local/mbox_format.h"
#include "core/local/mbox_intent.h"
#include "core/mail/line_form.h"
#include "core/mail/trace.h"
#include "system/mailbox/trouble.h"
#include "system/mbox/disk.h"
#include "system/mbox/intent_place.h"
#include "system/mbox/open_mailbox.h"

namespace sluice::mbox {

namespace {

constexpr std::size_t kWriteSize = 64u << 10;  // octets gathered before a write: most messages need one
constexpr std::string_view kDiscard = "/dev/null";

// Octets [from, to) of the file, or what is there of them; nullopt: they cannot be read.
std::optional<std::string> read_range(int file, std::uint64_t from, std::uint64_t to) {
  std::string octets(to - from, '\0');
  std::size_t have = 0;
  while (have < octets.size()) {
    const ssize_t count = ::pread(file, octets.data() + have, octets.size() - have, static_cast<off_t>(from + have));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  octets.resize(have);
  return octets;
}

std::optional<std::string> tail_before(int file, std::uint64_t size) {
  return read_range(file, size - std::min<std::uint64_t>(size, local::kIntentTail), size);
}

// One append, from the intent to the sync that takes it away again.
class Append {
 public:
  Append(OpenMailbox& mailbox, Disk& disk)
      : mailbox_(mailbox), disk_(disk), place_(disk, file(), mailbox.directory.get(), mailbox.name) {}

  // What an earlier delivery left.
  Result<Recovered, Trouble> recover() {
    const auto intent = place_.find();
    if (!intent) return Recovered::kNothing;
    auto recovered = judge(*intent);
    if (!recovered) return recovered;
    if (*recovered == Recovered::kCut) {
      if (disk_.cut(file(), static_cast<off_t>(intent->old_size)) != 0 || disk_.sync(file()) != 0)
        return fail(mailbox::system_trouble("cut off an unfinished message", errno));
    }
    if (const auto dropped = place_.drop(); !dropped)
      return fail(mailbox::system_trouble("finish the repair of the mailbox", dropped.error()));
    return recovered;
  }

  Result<void, Trouble> run(const Letter& letter, const Source& source) {
    struct stat status {};
    if (::fstat(file(), &status) != 0) return fail(mailbox::system_trouble("read the mailbox", errno));
    old_size_ = static_cast<std::uint64_t>(status.st_size);
    const auto tail = tail_before(file(), old_size_);
    if (!tail) return fail(mailbox::system_trouble("read the mailbox", errno));
    begin(letter, *tail);
    if (auto promised = promise(status, *tail); !promised) return promised;
    auto written = write(letter, source);
    if (written) written = finish();
    if (!written) return undo(std::move(written.error()));
    return written;
  }

 private:
  int file() const { return mailbox_.file.get(); }
  static Result<void, Trouble> failed() { return fail(mailbox::system_trouble("append to the mailbox", errno)); }

  // Whether what follows the old size is ours to cut.
  Result<Recovered, Trouble> judge(const local::MboxIntent& intent) {
    struct stat status {};
    if (::fstat(file(), &status) != 0) return fail(mailbox::system_trouble("read the mailbox", errno));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (intent.device != status.st_dev || intent.inode != status.st_ino || size < intent.old_size)
      return Recovered::kForeign;
    const auto tail = tail_before(file(), intent.old_size);
    if (!tail) return fail(mailbox::system_trouble("read the mailbox", errno));
    if (local::mbox_tail_sum(*tail) != intent.tail_sum) return Recovered::kForeign;
    if (size == intent.old_size) return Recovered::kNothing;
    local::TornTail torn(intent.head);
    for (std::uint64_t at = intent.old_size; at < size && torn.ours();) {
      const auto piece = read_range(file(), at, std::min<std::uint64_t>(size, at + kWriteSize));
      if (!piece || piece->empty()) return fail(mailbox::system_trouble("read the mailbox", piece ? EIO : errno));
      torn.read(*piece);
      at += piece->size();
    }
    return torn.ours() ? Recovered::kCut : Recovered::kForeign;
  }

  // A message that somebody left without its empty line gets one, so that ours is not read as a part of it.
  void begin(const Letter& letter, Octets tail) {
    if (!tail.empty() && !tail.ends_with("\n\n") && tail != "\n") gathered_ = tail.ends_with('\n') ? "\n" : "\n\n";
    gathered_ += local::mbox_from_line(letter.sender, letter.when);
    gathered_ += letter.header;
  }

  Result<void, Trouble> promise(const struct stat& status, Octets tail) {
    intent_ = {status.st_dev, status.st_ino, old_size_, local::mbox_tail_sum(tail),
               gathered_.substr(0, local::kIntentHead)};
    const auto kept = place_.keep(intent_);
    // Nothing was appended yet; an intent that may stand there promises nothing that is there.
    if (!kept) return fail(mailbox::system_trouble("prepare the mailbox", kept.error()));
    promised_ = *kept == IntentPlace::Kept::kYes;
    return {};
  }

  bool flush() {
    for (Octets rest = gathered_; !rest.empty();) {
      const ssize_t count = disk_.write(file(), rest);
      if (count < 0 && errno == EINTR) continue;
      if (count == 0) errno = EIO;  // cannot be, for a regular file; never loop on it
      if (count <= 0) return false;
      written_ += static_cast<std::uint64_t>(count);
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    gathered_.clear();
    return true;
  }

  Result<void, Trouble> write(const Letter& letter, const Source& source) {
    mail::CrlfToLf to_lf;
    mail::DeliveredToWatch watch(letter.delivered_to);
    local::MboxQuoter quoter;
    std::string plain;  // a piece with LF line ends
    for (;;) {
      const auto piece = source();
      if (!piece) return fail(mailbox::source_trouble(piece.error()));
      if (piece->empty()) break;
      if (!letter.delivered_to.empty() && !watch.finished()) watch.read(*piece);
      if (watch.seen()) return fail(mailbox::loop_trouble());
      if (letter.line_form == mail::LineForm::kCrlf) {
        plain.clear();
        to_lf.append(plain, *piece);
        quoter.append(gathered_, plain);
      } else {
        quoter.append(gathered_, *piece);
      }
      if (gathered_.size() >= kWriteSize && !flush()) return failed();
    }
    plain.clear();
    to_lf.finish(plain);
    quoter.append(gathered_, plain);
    quoter.finish(gathered_);
    if (!flush() || disk_.sync(file()) != 0) return failed();
    return {};
  }

  // The message is whole on the disk. From here until the intent is gone for good it still counts as unfinished.
  Result<void, Trouble> finish() {
    struct stat status {};
    if (::fstat(file(), &status) != 0) return failed();
    if (static_cast<std::uint64_t>(status.st_size) != old_size_ + written_)
      return fail(mailbox::trouble(Reason::kDisk, "Another program wrote to the mailbox without its lock."));
    if (mailbox_.made && disk_.sync(mailbox_.directory.get()) != 0) return failed();
    if (promised_)
      if (const auto dropped = place_.drop(); !dropped)
        return fail(mailbox::system_trouble("append to the mailbox", dropped.error()));
    return {};
  }

  // Cuts the mailbox back. What somebody else appended behind ours stays, and ours with it.
  Result<void, Trouble> undo(Trouble why) {
    struct stat status {};
    const bool ours =
        ::fstat(file(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) == old_size_ + written_;
    if (!ours || disk_.cut(file(), static_cast<off_t>(old_size_)) != 0 || disk_.sync(file()) != 0) {
      // What cannot be cut now is left to the next delivery, also when the intent was taken away already.
      if (promised_) (void)place_.keep(intent_);
      if (!why.temporary()) return fail(std::move(why));
      why.reason = Reason::kTorn;
      return fail(std::move(why));
    }
    // An intent that stays promises nothing that is there.
    if (promised_) (void)place_.drop();
    return fail(std::move(why));
  }

  OpenMailbox& mailbox_;
  Disk& disk_;
  IntentPlace place_;
  local::MboxIntent intent_;
  std::uint64_t old_size_ = 0, written_ = 0;
  std::string gathered_;
  bool promised_ = false;
};

Result<void, Trouble> discard(const Source& source) {
  for (;;) {
    const auto piece = source();
    if (!piece) return fail(mailbox::source_trouble(piece.error()));
    if (piece->empty()) return {};
  }
}

}  // namespace

Disk& real_disk() {
  static Disk disk;  // holds nothing
  return disk;
}

Result<void, Trouble> deliver(const std::string& path, const Letter& letter, const Source& source,
                              const Patience& patience, Disk& disk) {
  if (path == kDiscard) return discard(source);
  auto mailbox = open_locked(path, Missing::kCreate, patience, disk);
  if (!mailbox) return fail(std::move(mailbox.error()));
  Append append(**mailbox, disk);
  if (auto recovered = append.recover(); !recovered) return fail(std::move(recovered.error()));
  return append.run(letter, source);
}

Result<Recovered, Trouble> recover(const std::string& path, const Patience& patience, Disk& disk) {
  if (path == kDiscard) return Recovered::kNothing;
  auto mailbox = open_locked(path, Missing::kNone, patience, disk);
  if (!mailbox) return fail(std::move(mailbox.error()));
  if (!*mailbox) return Recovered::kNothing;
  return Append(**mailbox, disk).recover();
}

}  // namespace sluice::mbox
