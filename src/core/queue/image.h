// The image: every message of one queue that is not finished, in as few octets as it takes. It is what replaying the
// state log yields, and the live table of qmail-send. Pure.
//
// Applying is idempotent: a record whose effect is already there, or whose message is gone, changes nothing. So the
// newest snapshot and then all records since it was begun give the right image, although the snapshot was taken in
// slices while records went on (docs/formats.md, "State log").
//
// Memory of a message: one allocation with its fixed fields, 16 octets a recipient and the encoded envelope, plus about
// 30 octets in the tables; 180 octets for one recipient and addresses of 20 octets (image_test.cc holds it to that).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/queue/space_use.h"
#include "core/queue/state_record.h"
#include "core/queue/text_table.h"

namespace sluice::queue {

enum class RecipientStatus : std::uint8_t {
  kUntried = 0,
  kDeferred = 1,
  kDelivered = 2,
  kFailed = 3,
};
constexpr bool is_done(RecipientStatus status) { return status >= RecipientStatus::kDelivered; }

struct RecipientState {           // as it stands in an entry
  std::int64_t next_attempt = 0;  // milliseconds since 1970; of kDeferred
  TextTable::Ref text = TextTable::kNone;
  std::uint16_t attempts = 0;
  Channel channel : 4 = Channel::kRemote;
  mail::Reached reached : 4 = mail::Reached::kMailbox;  // of kDelivered, if a report of success is due
  RecipientStatus status = RecipientStatus::kUntried;
};

class Image {
  struct Entry;

 public:
  // One recipient of a message. Views are valid until the image changes.
  struct RecipientView {
    std::uint32_t index = 0;
    std::string_view address;
    std::uint8_t notify = 0;
    std::string_view original_recipient;
    Channel channel = Channel::kRemote;
    mail::Reached reached = mail::Reached::kMailbox;
    RecipientStatus status = RecipientStatus::kUntried;
    std::uint16_t attempts = 0;
    WallTime next_attempt{};
    std::string_view text;
  };

  // One message, cheap to make and to copy. Valid until the image changes.
  class MessageView {
   public:
    MessageId id() const;
    WallTime arrival() const;
    std::uint32_t uid() const;
    std::uint32_t pid() const;
    BodyRef body() const;
    std::string_view sender() const;
    Octets envelope() const;  // encoded, with all recipients
    std::uint32_t recipients() const;
    std::uint32_t pending() const;            // recipients that are not done
    std::optional<MessageId> bounce() const;  // its report, once that is queued
    bool warned() const;                      // its sender knows that it is late, or need not know
    bool held() const;                        // by an operator
    std::string_view hold_reason() const;     // empty: none was given, or it is not held
    bool given_up() const;                    // likewise: it fails, whatever its age
    // What the submitter said, in constant time (mail::Envelope).
    mail::DeliveryMode delivery_mode() const;
    int precedence() const;
    mail::Urgency urgency() const;
    std::uint16_t attempts() const;  // the most that any recipient has had
    // The cheap half of a recipient, in constant time; recipient < recipients().
    const RecipientState& state(std::uint32_t recipient) const;
    // In order of their indexes, with addresses (walks over the envelope).
    void each_recipient(const std::function<void(const RecipientView&)>& visit) const;

   private:
    friend class Image;
    MessageView(const Image& image, const Entry& entry) : image_(&image), entry_(&entry) {}
    const Image* image_;
    const Entry* entry_;
  };

  Image();
  ~Image();
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  // One record of the state log; false: it is no record that this code knows, and nothing changed.
  bool apply(Octets record);
  void apply(const StateRecord& record);
  void apply(const AdmittedView& record);
  void apply(const Deferred& record);
  void apply(const Settled& record);
  void apply(const Bounced& record);
  void apply(const Moved& record);
  void apply(const Finished& record);
  void apply(const Seen& record);
  void apply(const Segment& record);
  void apply(const Removed& record);
  void apply(const Warned& record);
  void apply(const Held& record);
  void apply(const GivenUp& record);

  std::size_t size() const { return entries_.size(); }
  std::optional<MessageView> find(MessageId id) const;
  // Up to `limit` messages with ids greater than `after`, ascending. Returns the id to go on after, or nullopt when the
  // last one was visited. The image may change between calls, not during one.
  std::optional<MessageId> visit(MessageId after, std::size_t limit,
                                 const std::function<void(const MessageView&)>& visit_one) const;

  // Everything in the journal before this is known: Resume{watermark()} announces the rest, and an Admit whose `next`
  // is not greater was already taken.
  Lsn watermark() const { return watermark_; }
  SpaceUse& space() { return space_; }
  const SpaceUse& space() const { return space_; }

  // The records that make this message again, each given to `emit` (valid during the call). Nothing if it is gone.
  void encode_snapshot(MessageId id, const std::function<void(Octets)>& emit) const;
  // What a snapshot holds besides messages; to be written after the last of them.
  void encode_snapshot_tail(const std::function<void(Octets)>& emit) const;

 private:
  struct EntryHash {
    using is_transparent = void;
    std::size_t operator()(const Entry* entry) const;
    std::size_t operator()(MessageId id) const;
  };
  struct EntryEqual {
    using is_transparent = void;
    bool operator()(const Entry* a, const Entry* b) const { return a == b; }
    bool operator()(const Entry* a, MessageId b) const;
    bool operator()(MessageId a, const Entry* b) const;
  };

  Entry* entry_of(MessageId id) const;
  void remember_order(MessageId id);
  void forget_order();
  void set_text(RecipientState& state, Octets text);
  void forget_hold_reason(Entry& entry);
  MessageView view_of(const Entry& entry) const { return {*this, entry}; }

  boost::unordered_flat_set<Entry*, EntryHash, EntryEqual> entries_;
  std::deque<MessageId> order_;  // ascending; ids of finished messages stay until half of it are such
  boost::unordered_flat_map<MessageId, MessageId, std::hash<MessageId>> bounces_;
  boost::unordered_flat_map<MessageId, TextTable::Ref, std::hash<MessageId>> hold_reasons_;  // those that were given
  TextTable texts_;
  SpaceUse space_;
  Lsn watermark_;
};

}  // namespace sluice::queue
