#include "maildir_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

namespace sluice::mailbox_delivery {

namespace {

constexpr std::size_t kMostThreads = 16;

}  // namespace

MaildirBatch::~MaildirBatch() { letters_.clear(); }

void MaildirBatch::begin_letter(std::uint64_t number) { letters_.push_back({number, {}, std::nullopt}); }

Result<MaildirBatch::Box*, mailbox::Trouble> MaildirBatch::box_at(const std::string& home, const std::string& path) {
  std::string key = path.starts_with('/') ? path : fmt::format("{}/{}", home, path);
  if (const auto found = boxes_.find(key); found != boxes_.end()) return found->second.get();
  auto opened = maildir::Maildir::open(path, maildir::Missing::kCreate);
  if (!opened) return fail(std::move(opened.error()));
  return boxes_.emplace(std::move(key), std::make_unique<Box>(std::move(*opened))).first->second.get();
}

void MaildirBatch::add(const std::string& home, const std::string& path, const Contents& contents) {
  Letter& letter = letters_.back();
  if (letter.trouble) return;
  const auto box = box_at(home, path);
  if (!box) {
    letter.trouble = box.error();
    return;
  }
  maildir::Letter what;
  what.header = contents.header;
  what.line_form = contents.line_form;
  auto draft = (*box)->maildir.write(what, {host_, ++sequence_}, contents.source);
  if (!draft) {
    letter.trouble = std::move(draft.error());
    return;
  }
  maildir::Maildir::begin_sync(*draft);
  letter.copies.push_back({*box, std::move(*draft)});
  ++drafts_;
}

// One letter after the other would wait for one flush of the disk each; those that ask at the same time share a commit
// of the file system's journal. The threads are gone before anything else happens.
void MaildirBatch::sync_drafts() {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i; (i = next++) < letters_.size();) {
      Letter& letter = letters_[i];
      for (Copy& copy : letter.copies) {
        if (letter.trouble) break;
        if (auto synced = maildir::Maildir::finish_sync(copy.draft); !synced)
          letter.trouble = std::move(synced.error());
      }
    }
  };
  std::vector<std::thread> threads;
  try {
    while (threads.size() + 1 < std::min(letters_.size(), kMostThreads)) threads.emplace_back(work);
  } catch (const std::system_error&) {
    // There may be no more threads than this: fewer do it too.
  }
  work();
  for (std::thread& thread : threads) thread.join();
}

void MaildirBatch::publish(Letter& letter) {
  for (Copy& copy : letter.copies) {
    auto name = copy.box->maildir.publish(std::move(copy.draft));
    if (!name) {
      letter.trouble = std::move(name.error());
      break;
    }
    copy.name = std::move(*name);
    copy.box->changed = true;
  }
}

void MaildirBatch::sync_boxes() {
  for (auto& [path, box] : boxes_) {
    if (!box->changed) continue;
    const auto synced = box->maildir.sync();
    if (synced) continue;
    for (Letter& letter : letters_)
      for (const Copy& copy : letter.copies)
        if (copy.box == box.get() && !letter.trouble) letter.trouble = synced.error();
  }
}

std::vector<std::pair<std::uint64_t, mail::Outcome>> MaildirBatch::commit() {
  sync_drafts();
  for (Letter& letter : letters_)
    if (!letter.trouble) publish(letter);
  sync_boxes();
  std::vector<std::pair<std::uint64_t, mail::Outcome>> outcomes;
  outcomes.reserve(letters_.size());
  for (const Letter& letter : letters_) {
    if (letter.trouble) {
      // It will be delivered again, so what is there already goes.
      for (const Copy& copy : letter.copies)
        if (!copy.name.empty()) copy.box->maildir.retract(copy.name);
      outcomes.emplace_back(letter.number, mailbox::to_outcome(*letter.trouble));
      continue;
    }
    outcomes.emplace_back(letter.number, mail::Outcome{mail::Verdict::kDelivered,
                                                       mail::Trouble::kNone,
                                                       0,
                                                       {2, 0, 0},
                                                       fmt::format("did {}+0+0", letter.copies.size())});
  }
  letters_.clear();
  drafts_ = 0;
  return outcomes;
}

}  // namespace sluice::mailbox_delivery
