// RemoteDelivery: the daemon's parts joined. Orders come in from qmail-send, each becomes a Delivery, its outcomes go
// back; sessions that are done with a message wait here for the next one to the same destination.
//
// How many connections there are is decided by the scheduler's windows: an order takes an idle session or opens a
// connection, at once. Outcomes of one turn leave in one write.
//
// With a program in the place of our SMTP client (QMAILREMOTE), orders in channel remote go to it; LMTP stays with us.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "delivery.h"
#include "failed_addresses.h"
#include "idle_pool.h"
#include "program_delivery.h"
#include "system/ipc/link.h"

namespace sluice::remote {

struct Configuration {
  RemoteSettings remote;
  std::vector<std::string> own_names;
  std::vector<settings::Endpoint> listening;
  std::vector<std::string> name_servers;  // read at the start only
};

class RemoteDelivery : private Delivery::Host, private Session::User {
 public:
  using Reload = std::function<std::optional<Configuration>()>;  // nullopt: bad settings (said already), keep the old

  // `scheduler` is the socket to qmail-send; when it is gone, the loop stops and all sessions end with this object.
  //   most  deliveries at once; more are answered "try later"
  RemoteDelivery(net::Loop& loop, os::Fd scheduler, std::unique_ptr<store::BodyReader> bodies,
                 const Configuration& configuration, Reload reload, std::uint32_t most, std::uint64_t seed);

 private:
  bool from_scheduler(const link::Frame& frame);
  void take(link::Deliver order);
  void take_for_program(link::Deliver order);
  void keep(const std::string& lane, std::shared_ptr<Session> session);
  void part_with(std::shared_ptr<Session> session);
  void end_idle();
  void end_watch(std::uint64_t watcher);
  void answer_watch_ends();

  std::shared_ptr<Session> take_idle(const std::string& lane) override;
  std::unique_ptr<TargetSearch> search(const route::Destination& destination,
                                       std::function<void(TargetSearch::Result)> done) override;
  void prefer_answering(std::vector<route::Target>& targets) override;
  void note_silence(const route::Target& target) override;
  std::unique_ptr<net::Connecting> connect(const net::Endpoint& to, Duration limit,
                                           std::function<void(os::Fd, int)> done) override;
  std::shared_ptr<Session> open(os::Fd socket, smtp::Protocol protocol, const route::Target& target,
                                const mail::ClientTimeouts& timeouts, Session::User& user) override;
  void settled(Delivery& delivery, std::shared_ptr<Session> session, std::vector<mail::Outcome> outcomes) override;

  const Session::Say& transcript() override { return transcript_; }
  const mail::ClientTimeouts& timeouts() const override { return settings_->timeouts; }
  MonoTime now() const override { return loop_.now(); }

  // Of sessions that are idle or leaving.
  void session_ready(Session&) override {}
  void session_settled(Session&, std::vector<mail::Outcome>) override {}
  void session_ended(Session& session) override;

  net::Loop& loop_;
  const std::unique_ptr<store::BodyReader> bodies_;
  const Reload reload_;
  const std::uint32_t most_;
  std::uint64_t seed_;
  std::shared_ptr<const RemoteSettings> settings_;
  ThisHost self_;
  net::Resolver resolver_;
  FailedAddresses failed_;
  std::string piece_;  // room for the piece of a body that is being sent
  const Session::Say transcript_;
  IdlePool<Session> idle_;
  net::Timer idle_timer_;
  boost::unordered_flat_set<std::shared_ptr<Session>> leaving_;
  boost::unordered_flat_map<Delivery*, std::unique_ptr<Delivery>> deliveries_;
  boost::unordered_flat_map<ProgramDelivery*, std::unique_ptr<ProgramDelivery>> by_program_;
  boost::unordered_flat_set<std::uint64_t> ended_watchers_;  // whose sessions are being closed
  net::Timer watch_end_timer_;                               // they do not wait for ever for the answers to QUIT
  ipc::Link scheduler_;
};

}  // namespace sluice::remote
