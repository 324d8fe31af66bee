"""Held channels, and limits of one queue alone."""
import signal

from support.instance import wait_until


def control(instance, name, value):
    (instance.home / "etc/control" / name).write_text(f"{value}\n")


def hup(instance):
    mark = instance.mark()
    instance.signal(signal.SIGHUP)
    return mark


def test_a_held_channel_begins_nothing_until_it_is_released(instance):
    instance.set_up()
    control(instance, "holdlocal", 1)
    instance.start()
    instance.wait_for_log(r"^status: local 0/100 \(held\) remote 0/20 queue1$")
    instance.send(instance.user())
    instance.wait_for_log(r"^info msg")
    wait_until(lambda: [r for m in instance.queue() for r in m["recipients"] if r.get("reason") == "channel-held"], "the reason")
    assert "starting delivery" not in instance.log
    control(instance, "holdlocal", 0)
    mark = hup(instance)
    instance.wait_for_log(r"^status: local 0/100 remote 0/20 queue1$", mark)
    assert instance.wait_for_mail()
    instance.wait_until_empty()


def test_what_is_deferred_is_tried_at_once_when_its_channel_is_released(instance):
    instance.start(smtproutes=["x.test:127.0.0.1:1"])  # nobody listens there
    instance.send("a@x.test")
    instance.wait_for_log(r"^delivery \S+ deferral: ")
    control(instance, "holdremote", 1)
    instance.wait_for_log(r" remote 0/20 \(held\) queue1$", hup(instance))
    control(instance, "holdremote", 0)
    instance.wait_for_log(r"^delivery \S+ deferral: ", hup(instance))


def test_a_queue_has_limits_of_its_own(instance):
    instance.set_up(queue_count=2)
    control(instance, "concurrencylocal", 40)
    control(instance, "concurrencyl.queue2", 7)
    control(instance, "concurrencyr.queue1", 3)
    instance.start()

    def limits():
        return [(queue["local"]["limit"], queue["remote"]["limit"]) for queue in instance.status()["queues"]]
    assert limits() == [(40, 3), (7, 20)]
    control(instance, "concurrencyl.queue2", 9)
    (instance.home / "etc/control/concurrencyr.queue1").unlink()
    hup(instance)
    wait_until(lambda: limits() == [(40, 20), (9, 20)], lambda: f"new limits: {limits()}")
    control(instance, "concurrencyl.queue2", "many")
    instance.wait_for_log(r"concurrencyl\.queue2:1:1: concurrencylocal: .*; allowed: ", hup(instance))
    assert limits() == [(40, 20), (9, 20)]


def test_a_percent_sign_stands_for_an_at_sign_where_percenthack_says_so(instance):
    instance.set_up(smtp__trusted_networks=[])
    control(instance, "percenthack", instance.settings["me"])
    instance.start()
    user, me = instance.user().split("@")
    instance.send(f"{user}%{me}@{me}")
    assert instance.wait_for_mail()
    with instance.smtp() as client:
        client.ehlo()
        client.mail("a@example.com")
        assert client.rcpt(f"x%else.example@{me}")[0] == 550, "no relay"


def test_a_bad_limit_of_a_queue_stops_its_start(instance):
    instance.set_up(smtp__listen=[])
    control(instance, "concurrencyr.queue1", "-1")
    instance.spawn()
    instance.wait_for_log(r"concurrencyr\.queue1:1:1: concurrencyremote: ")
