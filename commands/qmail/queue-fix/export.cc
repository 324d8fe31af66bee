#include "export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/adoption/plain.h"
#include "core/queue/envelope_codec.h"
#include "system/layout/repair.h"
#include "system/os/failure.h"
#include "system/standstill/anchored_disk.h"
#include "system/standstill/plain_writer.h"
#include "system/standstill/standstill.h"
#include "system/standstill/stopped_queue.h"
#include "system/store/preprocessed_files.h"
#include "system/store/todo_files.h"

namespace sluice::queue_fix {

namespace {

constexpr const char* kName = "queue-fix";

struct Loss {
  std::uint32_t bit;
  const char* what;
};
constexpr Loss kLosses[] = {
    {adoption::loss::kDsn, "delivery status parameters (NOTIFY, ORCPT, RET, ENVID) are left out"},
    {adoption::loss::kSuccess, "a report of success that is due is left out"},
    {adoption::loss::kLmtp, "recipients of LMTP servers become local ones"},
    {adoption::loss::kLineForm, "CRLF line ends become LF"},
    {adoption::loss::kFlow, "the name of the submitter, for fairness, is left out"},
};

[[noreturn]] void give_up(const std::string& why) { throw os::Fatal(111, "cannot export: " + why); }

template <class T, class E>
void require(const Result<T, E>& result) {
  if (!result) give_up(result.error().what);
}

class Export {
 public:
  Export(const ExportOrders& orders, const config::Settings& settings, const layout::Owners& owners)
      : orders_(orders),
        owners_(owners),
        disk_(orders.from),
        options_{.split = settings.conf_split, .disk = &disk_},
        bodies_(store::open_body_reader(orders.from, options_)),
        writer_(orders.to, {orders.shape.split, orders.shape.big_todo}, owners) {
    auto router = route::Router::build({.locals = settings.locals,
                                        .virtualdomains = settings.virtualdomains,
                                        .envnoathost = settings.envnoathost,
                                        .lmtproutes = settings.lmtproutes});
    if (!router) give_up(route::to_string(router.error()));
    router_ = std::move(*router);
  }

  std::size_t run() {
    make_target();
    const auto waiting = todo();
    write_ours();
    write_todo(waiting);
    write_preprocessed();
    require(writer_.verify());
    if (todo() != waiting) os::say("warn", kName, "messages came into todo meanwhile; they are not exported");
    for (std::size_t i = 0; i < std::size(kLosses); ++i)
      if (lost_[i] > 0) os::say("info", kName, fmt::format("{} messages: {}", lost_[i], kLosses[i].what));
    return writer_.messages();
  }

 private:
  void make_target() {
    const auto there = store::posix_disk().list(orders_.to);
    if (there && !there->empty()) give_up(orders_.to + " is not empty");
    if (!there && there.error() != ENOENT) give_up(store::trouble("cannot list " + orders_.to, there.error()).what);
    auto places = queue::queue_places(orders_.shape);
    std::erase_if(places, [this](const queue::Place& place) {
      return place.path == "journal" || place.path == "state" || (place.path == "trash" && !orders_.trash);
    });
    layout::Orders orders;
    orders.approve = [](const layout::Finding&) { return true; };
    orders.complain = [](std::string_view text) { os::say("warn", kName, text); };
    if (!layout::repair(orders_.to, places, owners_, orders).sound()) give_up("cannot make " + orders_.to);
  }

  std::vector<store::TodoPlace> todo() {
    auto places = store::list_todo(disk_, orders_.from);
    if (!places && places.error().code == ENOENT) return {};
    require(places);
    return std::move(*places);
  }

  void count(std::uint32_t losses, const std::string& message) {
    for (std::size_t i = 0; i < std::size(kLosses); ++i) {
      if ((losses & kLosses[i].bit) == 0) continue;
      ++lost_[i];
      if (orders_.verbose) fmt::print("message {}: {}\n", message, kLosses[i].what);
    }
  }

  // What is in the state log, and what is in the journal only.
  void write_ours() {
    const auto bad = [](const std::string& what) { os::say("alert", kName, what); };
    standstill::StoppedQueue stopped;
    require(stopped.load(
        orders_.from, options_, [this](const store::Replayed& message) { write_fresh(message); }, bad));
    queue::MessageId after;
    for (bool more = true; more;) {
      const auto next = stopped.image.visit(after, 1000, [this](const auto& message) { write_one(message); });
      more = next.has_value();
      if (next) after = *next;
    }
  }

  void write_fresh(const store::Replayed& message) {
    auto envelope = queue::decode_envelope(message.envelope);
    if (!envelope)
      return os::say("alert", kName, fmt::format("message {} cannot be read and is left out", message.id.raw()));
    remember(message.body, message.arrival);
    const bool crlf = envelope->line_form == mail::LineForm::kCrlf;
    count(adoption::losses_of(*envelope), std::to_string(message.id.raw()));
    require(writer_.write(*bodies_, message.body, crlf, {message.uid, message.pid, std::move(*envelope), {}},
                          message.arrival));
  }

  void write_one(const queue::Image::MessageView& message) {
    remember(message.body(), message.arrival());
    if (message.pending() == 0 && message.bounce()) return;  // all is done and told
    const adoption::Plain plain = adoption::plain_of(message, router_);
    count(plain.losses, std::to_string(message.id().raw()));
    require(writer_.write(*bodies_, message.body(), plain.crlf, plain.message));
  }

  // What was queued by other doors and never taken over, as it stands.
  void write_todo(const std::vector<store::TodoPlace>& waiting) {
    for (const store::TodoPlace& place : waiting) {
      waiting_.insert(place.number);
      const auto read = store::read_todo(disk_, orders_.from, place);
      if (!read) {
        os::say("alert", kName, read.error().what + "; it is left out");
        continue;
      }
      if (is_ours(place.number, read->written)) continue;
      if (const auto body = file_body(place.number))
        require(writer_.write(*bodies_, *body, false, read->content, read->written));
    }
  }

  void write_preprocessed() {
    const auto bad = [](const std::string& what) { os::say("alert", kName, what); };
    const auto places = store::list_preprocessed(disk_, orders_.from, bad);
    require(places);
    for (const store::PreprocessedPlace& place : *places) {
      if (waiting_.contains(place.number)) continue;
      const auto read = store::read_preprocessed(disk_, orders_.from, place);
      if (!read) {
        os::say("alert", kName, read.error().what + "; it is left out");
        continue;
      }
      if (is_ours(place.number, read->birth)) continue;
      if (const auto body = file_body(place.number)) require(writer_.write(*bodies_, *body, false, *read));
    }
  }

  void remember(const queue::BodyRef& body, WallTime arrival) {
    if (body.storage == queue::BodyRef::Storage::kFile) ours_[body.segment] = arrival;
  }
  // A message that was taken over, but whose old files are still there.
  bool is_ours(std::uint64_t number, WallTime arrival) const {
    const auto found = ours_.find(number);
    return found != ours_.end() && found->second == arrival;
  }

  std::optional<queue::BodyRef> file_body(std::uint64_t number) {
    const std::string path = store::body_path(orders_.from, number, options_.split);
    const auto file = disk_.open(path, store::Disk::Open::kRead, 0);
    const auto facts = file ? (*file)->facts() : fail(int{file.error()});
    if (facts) return queue::BodyRef{queue::BodyRef::Storage::kFile, number, 0, facts->size};
    os::say("alert", kName, store::trouble("cannot read " + path, facts.error()).what + "; it is left out");
    return std::nullopt;
  }

  const ExportOrders& orders_;
  const layout::Owners& owners_;
  standstill::AnchoredDisk disk_;
  const store::Options options_;
  std::unique_ptr<store::BodyReader> bodies_;
  standstill::PlainWriter writer_;
  route::Router router_;
  boost::unordered_flat_map<std::uint64_t, WallTime> ours_;
  boost::unordered_flat_set<std::uint64_t> waiting_;
  std::size_t lost_[std::size(kLosses)] = {};
};

}  // namespace

std::size_t export_queue(const ExportOrders& orders, const config::Settings& settings, const layout::Owners& owners) {
  if (orders.to == orders.from || orders.to.starts_with(orders.from + '/')) give_up(orders.to + " is in the queue");
  standstill::AnchoredDisk disk(orders.from);
  if (const auto there = disk.list(orders.from); !there)
    give_up(store::trouble("cannot list " + orders.from, there.error()).what);
  const auto held = standstill::Standstill::hold(disk, orders.from);
  require(held);
  return Export(orders, settings, owners).run();
}

}  // namespace sluice::queue_fix
