// Letters that go into Maildirs only, delivered together: all files are written, then all are made durable, then all
// are published, then each new/ is synced once. On a file system with a journal the first sync commits what the others
// wait for, so that the whole batch costs about as much as one message does.
//
// A letter for several Maildirs is in all of them or, unless the last sync fails or the process dies, in none.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/outcome.h"
#include "system/maildir/maildir.h"

namespace sluice::mailbox_delivery {

class MaildirBatch {
 public:
  // The host and the sequence number (which goes on from batch to batch) make names of files.
  MaildirBatch(std::string_view host, std::uint64_t& sequence) : host_(host), sequence_(sequence) {}
  ~MaildirBatch();
  MaildirBatch(const MaildirBatch&) = delete;

  struct Contents {
    Octets header;  // on top, in LF form
    mail::LineForm line_form;
    const mailbox::Source& source;
  };
  // Opens a letter; `number` is the caller's.
  void begin_letter(std::uint64_t number);
  // One Maildir of the letter that was opened last. A path that is not absolute is seen from `home`, which is the
  // working directory.
  void add(const std::string& home, const std::string& path, const Contents& contents);

  bool empty() const { return letters_.empty(); }
  std::size_t drafts() const { return drafts_; }  // as many descriptors are open

  // Delivers them. Outcomes in the order of the letters.
  std::vector<std::pair<std::uint64_t, mail::Outcome>> commit();

 private:
  struct Box {
    explicit Box(maildir::Maildir opened) : maildir(std::move(opened)) {}
    maildir::Maildir maildir;
    bool changed = false;
  };
  struct Copy {
    Box* box;
    maildir::Maildir::Draft draft;
    std::string name{};  // in new/
  };
  struct Letter {
    std::uint64_t number;
    std::vector<Copy> copies;
    std::optional<mailbox::Trouble> trouble;
  };
  Result<Box*, mailbox::Trouble> box_at(const std::string& home, const std::string& path);
  void sync_drafts();
  static void publish(Letter& letter);
  void sync_boxes();

  std::string_view host_;
  std::uint64_t& sequence_;
  boost::unordered_flat_map<std::string, std::unique_ptr<Box>> boxes_;
  std::vector<Letter> letters_;  // their drafts go before the boxes
  std::size_t drafts_ = 0;
};

}  // namespace sluice::mailbox_delivery
