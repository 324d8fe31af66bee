#include "system/standstill/stopped_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/monitor/image_json.h"
#include "core/queue/envelope_codec.h"
#include "core/select/selection.h"
#include "system/observe/lost.h"
#include "system/standstill/stopped_queue.h"
#include "system/store/layout.h"

namespace sluice::standstill {

namespace {

using queue::Image;

class Reading {
 public:
  Reading(const ListingOrders& orders, store::Disk& disk) : orders_(orders), disk_(disk) {}

  void read() {
    store::Options options;
    options.disk = &disk_;
    const auto loaded = stopped_.load(
        orders_.directory, options, [this](const store::Replayed& message) { add(message); },
        // What follows says where a daemon would have copied it.
        [this](const std::string& what) {
          complain({EIO, what.substr(0, what.rfind("; "))});
        });
    if (loaded) return;
    vanished_ = loaded.error().code == ENOENT;
    complain(loaded.error());
  }

  // A file went away between the list of names and its turn: daemons have started and tidied up.
  bool has_vanished_files() const { return vanished_; }

  Result<void, store::Trouble> answer(WallTime now, const TakeAnswer& take) {
    if (unread_ > 0 && stopped_.image.size() == 0) return fail(first_);  // not even that it is empty
    select::Selection selection(orders_.selector, orders_.order, orders_.most, orders_.factors);
    while (selection.look(stopped_.image, now, [](const Image::MessageView&) { return true; })) {
    }
    bool wanted = take(fmt::format("{{\"selected\":{}}}", selection.size()));
    for (auto id = selection.next(); wanted && id; id = selection.next())
      if (const auto message = stopped_.image.find(*id)) wanted = take(text_of(*message));
    if (unread_ == 0) return {};
    if (unread_ > 1) first_.what += fmt::format(" (and {} more)", unread_ - 1);
    return fail(first_);
  }

 private:
  void complain(store::Trouble trouble) {
    if (unread_++ == 0) first_ = std::move(trouble);
  }

  // Accepted, but not yet in the state log: in the image as it will be, but for the routes.
  void add(const store::Replayed& message) {
    const auto envelope = queue::decode_envelope(message.envelope);
    if (!envelope) return complain({EIO, fmt::format("message {}: {}", message.id.raw(), to_string(envelope.error()))});
    const std::string channels(envelope->recipients.size(), static_cast<char>(queue::Channel::kRemote));
    stopped_.image.apply(queue::AdmittedView{message.id, message.next, message.arrival, message.uid, message.pid,
                                             message.body, channels, message.envelope});
    fresh_.insert(message.id.raw());
  }

  std::string text_of(const Image::MessageView& message) const {
    std::string text;
    monitor::MessageWriter writer(text);
    writer.begin(monitor::head_of(message, orders_.name));
    const bool routed = !fresh_.contains(message.id().raw());
    message.each_recipient([&](const Image::RecipientView& view) {
      monitor::MessageWriter::Recipient recipient = monitor::recipient_of(view);
      if (!routed) recipient.channel = {};
      writer.recipient(recipient);
    });
    writer.end();
    return text;
  }

  const ListingOrders& orders_;
  store::Disk& disk_;
  StoppedQueue stopped_;
  boost::unordered_flat_set<std::uint64_t> fresh_;
  bool vanished_ = false;
  std::uint64_t unread_ = 0;
  store::Trouble first_;
};

// Whoever may not look into them must not take the queue for an empty one.
Result<void, store::Trouble> check_access(const std::string& queue, store::Disk& disk) {
  for (const std::string& directory : {queue, store::journal_directory(queue), store::state_directory(queue)}) {
    const auto names = disk.list(directory);
    if (names || (names.error() == ENOENT && directory != queue)) continue;
    return fail(store::trouble("cannot list " + directory, names.error()));
  }
  return {};
}

}  // namespace

Result<void, store::Trouble> list_stopped(const ListingOrders& orders, store::Disk& disk, WallTime now,
                                          const TakeAnswer& take) {
  constexpr int kTimes = 3;
  if (auto checked = check_access(orders.directory, disk); !checked) return checked;
  if (orders.selector.view == select::View::kLost) {
    const auto answers = observe::lost_in(orders.directory, orders.name, orders.selector, now);
    static_cast<void>(std::all_of(answers.begin(), answers.end(), take));
    return {};
  }
  for (int time = 1;; ++time) {
    Reading reading(orders, disk);
    reading.read();
    if (!reading.has_vanished_files() || time == kTimes) return reading.answer(now, take);
  }
}

}  // namespace sluice::standstill
