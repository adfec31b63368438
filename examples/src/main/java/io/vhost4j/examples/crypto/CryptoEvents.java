// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.crypto;

import io.vhost4j.VhostDevice;
import io.vhost4j.crypto.CryptoCapabilities;
import io.vhost4j.crypto.CryptoCounters;
import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.Units;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Tells what happens, as lines of text or JSON. Any thread may call it. */
final class CryptoEvents {
    private final Output output;
    private final boolean json;

    CryptoEvents(Output output, boolean json) {
        this.output = output;
        this.json = json;
    }

    void listening(List<Path> sockets, CryptoCapabilities can) {
        List<String> names = sockets.stream().map(Path::toString).toList();
        if (json) {
            output.json(Json.event("listening")
                    .putStrings("sockets", names)
                    .putStrings("ciphers", sorted(can.ciphers()))
                    .putStrings("hashes", sorted(can.hashes()))
                    .putStrings("macs", sorted(can.macs()))
                    .putStrings("aeads", sorted(can.aeads()))
                    .putStrings("asymmetric", sorted(can.asymmetric())));
            return;
        }
        output.line("serving " + String.join(", ", names) + "; Ctrl-C ends");
        output.line("  ciphers    " + text(can.ciphers()));
        output.line("  hashes     " + text(can.hashes()));
        output.line("  MACs       " + text(can.macs()));
        output.line("  AEADs      " + text(can.aeads()));
        output.line("  asymmetric " + text(can.asymmetric()));
    }

    private static <T extends Enum<T>> List<String> sorted(Collection<T> all) {
        return all.stream().sorted().map(Enum::name).toList();
    }

    private static <T extends Enum<T>> String text(Collection<T> all) {
        return sorted(all).stream().collect(Collectors.joining(" "));
    }

    void deviceUp(VhostDevice device) {
        long features = device.getNegotiatedFeatures();
        boolean packed = IntStream.range(0, device.getVringNum())
                .anyMatch(queue -> device.getVhostVring(queue).packed());
        String ring = packed ? "packed" : "split";
        if (json) {
            output.json(Json.event("device_up")
                    .put("socket", device.getIfname())
                    .put("vid", device.vid())
                    .put("features", String.format(Locale.ROOT, "0x%x", features))
                    .put("ring", ring));
        } else {
            output.line(device.getIfname() + ": device " + device.vid() + " up, " + ring + " rings");
        }
    }

    void deviceDown(VhostDevice device) {
        if (json) {
            output.json(
                    Json.event("device_down").put("socket", device.getIfname()).put("vid", device.vid()));
        } else {
            output.line(device.getIfname() + ": device " + device.vid() + " down");
        }
    }

    void statistics(String event, CryptoCounters counters) {
        if (json) {
            output.json(Json.event(event)
                    .put("requests", counters.requests())
                    .put("bytes", counters.requestBytes())
                    .put("ok", counters.ok())
                    .put("bad_message", counters.badMessage())
                    .put("not_supported", counters.notSupported())
                    .put("invalid_session", counters.invalidSession())
                    .put("key_rejected", counters.keyRejected())
                    .put("failed", counters.failed())
                    .put("dropped", counters.dropped())
                    .put("sessions_created", counters.sessionsCreated())
                    .put("sessions_refused", counters.sessionsRefused())
                    .put("sessions", counters.sessions()));
            return;
        }
        output.line(Units.count(counters.requests()) + " requests with " + Units.count(counters.requestBytes())
                + " bytes, " + Units.count(counters.ok()) + " of them done; "
                + Units.count(counters.dropped()) + " dropped; "
                + Units.count(counters.sessionsCreated()) + " sessions made, " + counters.sessions() + " open");
    }

    /** Something went wrong that does not end the run by itself. */
    void error(String message) {
        output.complain("vhost4j crypto: " + message);
    }
}
