#include "system/resolver/resolver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <idn2.h>
#include <unbound.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>

#include "system/os/failure.h"

namespace sluice::net {

namespace {

using route::AddressAnswer;
using route::Found;
using route::MxAnswer;

constexpr int kInternet = 1, kTypeA = 1, kTypeMx = 15, kTypeAaaa = 28;
constexpr int kNoError = 0, kServerFailed = 2, kNoSuchName = 3, kRefused = 5;  // RFC 1035 4.1.1
constexpr int kUnavailable = 69;                                               // EX_UNAVAILABLE

// The end of a question: what was found, and the records if there are any.
struct Reply {
  Found found = Found::kNotNow;
  std::string why;
  const ub_result* records = nullptr;
};
using OnReply = std::function<void(const Reply&)>;

std::string name_of_code(int rcode) {
  if (rcode == kServerFailed) return "SERVFAIL";
  if (rcode == kRefused) return "REFUSED";
  return fmt::format("name server error {}", rcode);
}

Reply reply_of(int error, const ub_result* result) {
  if (error != 0 || result == nullptr) return {Found::kNotNow, ub_strerror(error)};
  if (result->bogus != 0) return {Found::kNotNow, "DNSSEC validation failed"};
  if (result->nxdomain != 0 || result->rcode == kNoSuchName) return {Found::kNoName, ""};
  if (result->rcode != kNoError) return {Found::kNotNow, name_of_code(result->rcode)};
  if (result->havedata == 0) return {Found::kNoData, ""};
  return {Found::kYes, "", result};
}

template <class Visit>
void each_record(const ub_result& result, const Visit& visit) {
  for (int i = 0; result.data[i] != nullptr; ++i)
    if (result.len[i] >= 0) visit(Octets(result.data[i], static_cast<std::size_t>(result.len[i])));
}

MxAnswer mx_of(const Reply& reply) {
  MxAnswer answer{reply.found, reply.why, {}};
  if (reply.records == nullptr) return answer;
  each_record(*reply.records, [&](Octets rdata) {
    if (auto record = route::parse_mx(rdata)) answer.records.push_back(std::move(*record));
  });
  if (answer.records.empty()) return {Found::kNotNow, "malformed MX records", {}};
  return answer;
}

AddressAnswer addresses_of(const Reply& reply, int family) {
  AddressAnswer answer{reply.found, reply.why, {}};
  if (reply.records == nullptr) return answer;
  each_record(*reply.records, [&](Octets rdata) {
    char text[INET6_ADDRSTRLEN];
    if (rdata.size() == (family == AF_INET ? 4u : 16u) && ::inet_ntop(family, rdata.data(), text, sizeof text))
      answer.addresses.emplace_back(text);
  });
  if (answer.addresses.empty()) return {Found::kNotNow, "malformed address records", {}};
  return answer;
}

bool is_localhost(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return ascii_equal_ignore_case(name, "localhost") ||
         (name.size() > 10 && ascii_equal_ignore_case(name.substr(name.size() - 10), ".localhost"));
}

bool is_numeric(const std::string& host, int family) {
  unsigned char octets[sizeof(in6_addr)];
  return ::inet_pton(family, host.c_str(), octets) == 1;
}

// The name as it is asked for; empty: it is no host name.
std::string asked_name(const std::string& name) {
  std::string ascii = name;
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    char* converted = nullptr;
    if (idn2_to_ascii_8z(name.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) return {};
    ascii = converted;
    idn2_free(converted);
  }
  return route::is_host_name(ascii) ? ascii : std::string();
}

struct FreeContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};

}  // namespace

struct Resolver::Impl {
  // What libunbound carries for us; lives until libunbound answers, however long that takes.
  struct Ticket {
    Impl* owner;
    std::uint64_t id;
  };
  struct Deadline {
    MonoTime when;
    std::uint64_t id;
  };

  Impl(Loop& in, const Setup& setup)
      : loop(in), timeout(setup.timeout), context(ub_ctx_create()), answers(in.context()), timer(in, [this] {
          expire();
        }) {
    if (!context) throw os::Fatal(kUnavailable, "cannot start the name resolver: out of memory");
    configure(setup.servers);
    answers.assign(ub_fd(context.get()));
    listen();
  }
  ~Impl() {
    answers.release();  // the descriptor is libunbound's
    context.reset();    // ends its thread; no callback from here on
    for (Ticket* ticket : tickets) delete ticket;
  }

  static void check(int error, const std::string& what) {
    if (error != 0) throw os::Fatal(kUnavailable, fmt::format("name resolver: {}: {}", what, ub_strerror(error)));
  }
  void set(const char* option, const char* value) { check(ub_ctx_set_option(context.get(), option, value), option); }

  void configure(const std::vector<std::string>& servers) {
    ub_ctx* const ub = context.get();
    check(ub_ctx_async(ub, 1), "cannot use a thread");
    set("do-not-query-localhost:", "no");  // a name server on this machine is the best there is
    for (const auto& server : servers) check(ub_ctx_set_fwd(ub, server.c_str()), server);
    if (!servers.empty()) {
      check(ub_ctx_zone_remove(ub, "test."), "test.");
      return;
    }
    // Without these files libunbound asks the root servers, and knows localhost by itself.
    ub_ctx_resolvconf(ub, nullptr);
    ub_ctx_hosts(ub, nullptr);
  }

  void listen() {
    answers.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this, alive = std::weak_ptr<bool>(alive)](const boost::system::error_code& error) {
                         if (error || alive.expired()) return;
                         ub_process(context.get());
                         if (!alive.expired()) listen();
                       });
  }

  std::uint64_t ask(const std::string& name, int type, OnReply done) {
    const std::uint64_t id = ++last_id;
    const std::string asked = asked_name(name);
    if (asked.empty()) return answer_later(id, {Found::kNoName, ""}, std::move(done));
    auto ticket = std::make_unique<Ticket>(Ticket{this, id});
    const int error =
        ub_resolve_async(context.get(), asked.c_str(), type, kInternet, ticket.get(), &Impl::on_answer, nullptr);
    if (error != 0) return answer_later(id, {Found::kNotNow, ub_strerror(error)}, std::move(done));
    tickets.insert(ticket.release());
    pending.emplace(id, std::move(done));
    deadlines.push_back({loop.now() + timeout, id});
    if (!timer.armed()) timer.set(deadlines.front().when);
    return id;
  }

  std::uint64_t answer_later(std::uint64_t id, Reply reply, OnReply done) {
    pending.emplace(id, std::move(done));
    boost::asio::post(loop.context(), [this, alive = std::weak_ptr<bool>(alive), id, reply = std::move(reply)] {
      if (!alive.expired()) finish(id, reply);
    });
    return id;
  }

  static void on_answer(void* argument, int error, ub_result* result) {
    const std::unique_ptr<Ticket> ticket(static_cast<Ticket*>(argument));
    const std::unique_ptr<ub_result, decltype(&ub_resolve_free)> owned(result, &ub_resolve_free);
    Impl* const self = ticket->owner;
    self->tickets.erase(ticket.get());
    self->finish(ticket->id, reply_of(error, result));
  }

  void finish(std::uint64_t id, const Reply& reply) {
    const auto it = pending.find(id);
    if (it == pending.end()) return;  // cancelled, or timed out before
    const OnReply done = std::move(it->second);
    pending.erase(it);
    done(reply);
  }

  // All questions have the same timeout, so they expire in the order in which they were asked.
  void expire() {
    const std::weak_ptr<bool> living = alive;
    while (!deadlines.empty() && deadlines.front().when <= loop.now()) {
      const std::uint64_t id = deadlines.front().id;
      deadlines.pop_front();
      finish(id, {Found::kNotNow, fmt::format("no answer in {} s", timeout.count() / 1000)});
      if (living.expired()) return;
    }
    while (!deadlines.empty() && !pending.contains(deadlines.front().id)) deadlines.pop_front();
    if (!deadlines.empty()) timer.set(deadlines.front().when);
  }

  Loop& loop;
  const Duration timeout;
  std::unique_ptr<ub_ctx, FreeContext> context;
  boost::asio::posix::stream_descriptor answers;
  boost::unordered_flat_map<std::uint64_t, OnReply> pending;
  boost::unordered_flat_set<Ticket*> tickets;
  std::deque<Deadline> deadlines;
  Timer timer;
  std::uint64_t last_id = 0;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

namespace {

template <class Impl>
class PendingQuestion : public Resolver::Question {
 public:
  PendingQuestion(std::weak_ptr<Impl> impl, std::uint64_t id) : impl_(std::move(impl)), id_(id) {}
  ~PendingQuestion() override {
    if (const auto impl = impl_.lock()) impl->pending.erase(id_);
  }

 private:
  std::weak_ptr<Impl> impl_;
  std::uint64_t id_;
};

}  // namespace

Resolver::Resolver(Loop& loop, const Setup& setup) : impl_(std::make_shared<Impl>(loop, setup)) {}
Resolver::~Resolver() = default;

std::unique_ptr<Resolver::Question> Resolver::find_mx(const std::string& domain, OnMx done) {
  OnReply on_reply = [done = std::move(done)](const Reply& reply) { done(mx_of(reply)); };
  const std::uint64_t id = is_localhost(domain)
                               ? impl_->answer_later(++impl_->last_id, {Found::kNoData, ""}, std::move(on_reply))
                               : impl_->ask(domain, kTypeMx, std::move(on_reply));
  return std::make_unique<PendingQuestion<Impl>>(impl_, id);
}

std::unique_ptr<Resolver::Question> Resolver::find_addresses(const std::string& host, Family family, OnAddresses done) {
  const int wanted = family == Family::kV4 ? AF_INET : AF_INET6;
  const int other = family == Family::kV4 ? AF_INET6 : AF_INET;
  const auto local = [&](AddressAnswer answer) {
    return impl_->answer_later(++impl_->last_id, {},
                               [done, answer = std::move(answer)](const Reply&) { done(answer); });
  };
  std::uint64_t id = 0;
  if (is_localhost(host))
    id = local({Found::kYes, "", {wanted == AF_INET ? "127.0.0.1" : "::1"}});
  else if (is_numeric(host, wanted))
    id = local({Found::kYes, "", {host}});
  else if (is_numeric(host, other))
    id = local({Found::kNoData, "", {}});
  else
    id = impl_->ask(host, wanted == AF_INET ? kTypeA : kTypeAaaa,
                    [done = std::move(done), wanted](const Reply& reply) { done(addresses_of(reply, wanted)); });
  return std::make_unique<PendingQuestion<Impl>>(impl_, id);
}

}  // namespace sluice::net
