// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A hostile front-end with memory and a pair of rings. For one thread, but for the memory. */
final class Attacker implements AutoCloseable {
    static final int RING_SIZE = 256;
    /** Buffers of the receive ring. */
    static final long RX_DATA = Ram.DATA;

    static final int RX_BYTES = 2048;
    /** Where transmitted packets start. */
    static final long TX_DATA = 2 << 20;
    /** Where tables are. */
    static final long TABLE = 3 << 20;

    static final int NET_HEADER = 12;
    private static final int SETTLE_MILLIS = 400;
    private static final int RX_BUFFERS = 64;
    /** The answer to SET_DEVICE_STATE_FD where the descriptor is taken. */
    private static final long NO_DESCRIPTOR = 0x100;

    private final Target target;
    private final Setup setup;
    private final List<AutoCloseable> closing = new ArrayList<>();
    private final EventFd[] errors = {EventFd.create(), EventFd.create()};
    private final EventFd[] calls = {EventFd.create(), EventFd.create()};
    private final EventFd[] kicks = {EventFd.create(), EventFd.create()};
    private final Ram ram = new Ram();
    private Wire wire;
    private RawRing rx;
    private RawRing tx;
    private long features;
    private @Nullable Reaction failed;

    Attacker(Target target, Setup setup) {
        this.target = target;
        this.setup = setup;
        wire = Wire.connect(target.victim());
        rx = new RawRing(ram, 0, RING_SIZE, setup.packed());
        tx = new RawRing(ram, 1, RING_SIZE, setup.packed());
        prepare();
    }

    Target target() {
        return target;
    }

    Wire wire() {
        return wire;
    }

    Ram ram() {
        return ram;
    }

    RawRing rx() {
        return rx;
    }

    RawRing tx() {
        return tx;
    }

    EventFd kick(int queue) {
        return kicks[queue];
    }

    long features() {
        return features;
    }

    /** Another connection, closed at the end. */
    Wire another() {
        return closeLater(Wire.connect(target.victim()));
    }

    <T extends AutoCloseable> T closeLater(T resource) {
        closing.add(resource);
        return resource;
    }

    /** Gives the connection up and does the set-up again on a new one. */
    void reconnect() {
        wire.close();
        wire = Wire.connect(target.victim());
        rx = new RawRing(ram, 0, RING_SIZE, setup.packed());
        tx = new RawRing(ram, 1, RING_SIZE, setup.packed());
        failed = null;
        for (long at = 0; at < Ram.DATA; at += 8) {
            ram.u64(at, 0);
        }
        prepare();
    }

    private void prepare() {
        if (setup.stage().compareTo(Setup.Stage.NEGOTIATED) >= 0) {
            negotiate();
        }
        if (setup.stage().compareTo(Setup.Stage.MEMORY) >= 0) {
            must(shareMemory());
        }
        if (setup.stage() == Setup.Stage.RUNNING) {
            must(ring(rx));
            must(ring(tx));
            fillRx();
        }
    }

    /** The set-up itself is as it should be, so it must work. */
    private void must(Reaction reaction) {
        if (reaction != Reaction.TAKEN && failed == null) {
            failed = reaction;
        }
    }

    /** What the set-up ended with if it did not work. */
    @Nullable
    Reaction failed() {
        return failed;
    }

    void negotiate() {
        long offered = askU64(RequestCode.GET_FEATURES);
        features = offered & setup.wanted();
        long protocol = askU64(RequestCode.GET_PROTOCOL_FEATURES);
        // STATUS would ask for more steps and shows nothing here
        wire.send(RequestCode.SET_PROTOCOL_FEATURES, Payload.number(protocol & ~ProtocolFeature.STATUS.mask()));
        must(ask(RequestCode.SET_OWNER, new byte[0]));
        must(ask(RequestCode.SET_FEATURES, Payload.number(features)));
    }

    /** Sends a request that has a number as its answer; -1 if none came. */
    long askU64(RequestCode code) {
        wire.send(code, new byte[0]);
        Wire.Reply reply = wire.receive();
        return reply == null ? -1 : reply.u64();
    }

    Reaction shareMemory() {
        return ask(RequestCode.SET_MEM_TABLE, wholeTable(), ram.fd());
    }

    byte[] wholeTable() {
        return table(new long[] {Ram.GPA, Ram.SIZE, Ram.USER, 0});
    }

    /** The payload of a table; each region is address, size, front-end address, offset. */
    static byte[] table(long[]... regions) {
        Payload payload = new Payload().u32(regions.length).u32(0);
        for (long[] region : regions) {
            for (long field : region) {
                payload.u64(field);
            }
        }
        return payload.toBytes();
    }

    /** Sets a ring up and starts it. */
    Reaction ring(RawRing ring) {
        int queue = ring.queue;
        Reaction[] steps = {
            ask(RequestCode.SET_VRING_CALL, Payload.number(queue), calls[queue].fd()),
            ask(RequestCode.SET_VRING_ERR, Payload.number(queue), errors[queue].fd()),
            ask(RequestCode.SET_VRING_NUM, Payload.state(queue, ring.size)),
            ask(RequestCode.SET_VRING_BASE, Payload.state(queue, ring.firstBase())),
            ask(RequestCode.SET_VRING_ADDR, addresses(ring)),
            ask(RequestCode.SET_VRING_KICK, Payload.number(queue), kicks[queue].fd()),
            ask(RequestCode.SET_VRING_ENABLE, Payload.state(queue, 1))
        };
        for (Reaction step : steps) {
            if (step != Reaction.TAKEN) {
                return step;
            }
        }
        return Reaction.TAKEN;
    }

    byte[] addresses(RawRing ring) {
        return Payload.addresses(
                ring.queue, 0, Ram.user(ring.descAt(0)), Ram.user(ring.deviceAt()), Ram.user(ring.driverAt()));
    }

    private void fillRx() {
        for (int i = 0; i < RX_BUFFERS; i++) {
            rx.add(Ram.gpa(RX_DATA + (long) i * RX_BYTES), RX_BYTES, RawRing.WRITE);
        }
    }

    /** Sends a request and waits for its acknowledgement. */
    Reaction ask(RequestCode code, byte[] payload, int... fds) {
        return ask(code.code(), payload, fds);
    }

    Reaction ask(int request, byte[] payload, int... fds) {
        if (!wire.send(Wire.message(request, Wire.VERSION | Wire.NEED_REPLY, payload), fds)) {
            return lost();
        }
        Wire.Reply reply = wire.receive();
        if (reply == null) {
            return lost();
        }
        return isGood(request, reply) ? Reaction.TAKEN : Reaction.REFUSED;
    }

    /** Most answers are numbers, 0 for success; a position and a number with flags are not. */
    private static boolean isGood(int request, Wire.Reply reply) {
        return request == RequestCode.GET_VRING_BASE.code()
                || reply.payload().length != Long.BYTES
                || reply.u64() == 0
                || request == RequestCode.SET_DEVICE_STATE_FD.code() && reply.u64() == NO_DESCRIPTOR;
    }

    private Reaction lost() {
        return wire.ended() ? Reaction.ENDED : Reaction.SILENT;
    }

    /** Sends bytes that no good front-end sends, and looks what becomes of the connection. */
    Reaction raw(byte[] bytes, int... fds) {
        wire.send(bytes, fds);
        return afterwards();
    }

    /** What becomes of the connection: whether it ends, and if not, whether it still answers. */
    Reaction afterwards() {
        if (wire.endsWithin(SETTLE_MILLIS / 4)) {
            return Reaction.ENDED;
        }
        long answer = askU64(RequestCode.GET_FEATURES);
        if (wire.ended()) {
            return Reaction.ENDED;
        }
        return answer == -1 ? Reaction.SILENT : Reaction.IGNORED;
    }

    /** Puts a good packet into the transmit ring, answered by one in the receive ring. */
    void addPing() {
        long at = TX_DATA + (long) (tx.next % RING_SIZE) * RX_BYTES;
        byte[] frame = Icmp.request(tx.next, 64);
        clearHeader(at);
        ram.bytes(at + NET_HEADER, frame);
        tx.add(Ram.gpa(at), NET_HEADER + frame.length, 0);
    }

    /** As {@link #addPing}, unless that would overrun the ring. */
    void addPingIfRoom() {
        if (hasRoom(tx)) {
            addPing();
        }
    }

    void clearHeader(long at) {
        ram.u64(at, 0);
        ram.u32(at + 8, 0);
    }

    /** What becomes of the transmit ring's chains from a place on. */
    Reaction txFrom(int place) {
        return awaitRing(tx, () -> tx.isUsed(place));
    }

    /** Sends pings and looks what becomes of the receive ring. */
    Reaction rxAfterPings(int place) {
        for (int i = 0; i < 8; i++) {
            addPing();
        }
        return awaitRing(rx, () -> rx.isUsed(place));
    }

    /** Waits until the back-end does something with a ring. */
    Reaction awaitRing(RawRing ring, BooleanSupplier taken) {
        long end = System.nanoTime() + SETTLE_MILLIS * 1_000_000L;
        while (System.nanoTime() - end < 0) {
            if (errors[0].drain() + errors[1].drain() > 0) {
                return Reaction.BROKEN;
            }
            if (wire.ended() || wire.endsWithin(0)) {
                return Reaction.ENDED;
            }
            if (taken.getAsBoolean()) {
                // the error descriptor is signalled after the index is written
                LockSupport.parkNanos(2_000_000);
                return errors[0].drain() + errors[1].drain() > 0 ? Reaction.BROKEN : Reaction.TAKEN;
            }
            LockSupport.parkNanos(200_000);
        }
        return Reaction.IGNORED;
    }

    /** Whether a ring was reported broken since this was last asked. */
    boolean isBroken() {
        return errors[0].drain() + errors[1].drain() > 0;
    }

    /** Goes on for a time while another thread does something, and returns what became of it. */
    Reaction race(int millis, Runnable flip, Runnable meanwhile) {
        boolean[] stop = {false};
        Thread flipper = Thread.ofPlatform().name("flipper").daemon().start(() -> {
            while (!isSet(stop)) {
                flip.run();
            }
        });
        long end = System.nanoTime() + millis * 1_000_000L;
        Reaction reaction = Reaction.TAKEN;
        while (System.nanoTime() - end < 0 && !wire.ended()) {
            meanwhile.run();
            if (isBroken()) {
                reaction = Reaction.BROKEN;
                revive();
            }
            if (wire.endsWithin(0)) {
                reaction = Reaction.ENDED;
                break;
            }
            LockSupport.parkNanos(100_000);
        }
        set(stop);
        try {
            flipper.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return reaction;
    }

    /** Stops a broken ring and starts it again, as a driver does that resets its device. */
    private void revive() {
        for (RawRing ring : new RawRing[] {rx, tx}) {
            ask(RequestCode.GET_VRING_BASE, Payload.state(ring.queue, 0));
            if (ring.packed) {
                for (int slot = 0; slot < ring.size; slot++) {
                    ram.packedDesc(ring.descAt(slot), 0, 0, 0, 0);
                }
                ring.next = 0;
            } else {
                ring.next = ring.usedIdx();
                ring.publish();
            }
            ring(ring);
        }
    }

    /** Whether the device keeps up, so that more entries do not overrun the ring. */
    boolean hasRoom(RawRing ring) {
        return ((ring.next - ring.usedIdx()) & 0xFFFF) < ring.size / 2;
    }

    private static boolean isSet(boolean[] flag) {
        synchronized (flag) {
            return flag[0];
        }
    }

    private static void set(boolean[] flag) {
        synchronized (flag) {
            flag[0] = true;
        }
    }

    boolean has(VirtioFeature feature) {
        return feature.in(features);
    }

    @Override
    public void close() {
        wire.close();
        closing.forEach(Attacker::closeQuietly);
        for (int i = 0; i < errors.length; i++) {
            errors[i].close();
            calls[i].close();
            kicks[i].close();
        }
        ram.close();
    }

    private static void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            throw new AssertionError("closing " + resource, e);
        }
    }
}
