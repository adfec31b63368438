// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import io.vhost4j.packet.Packet;
import io.vhost4j.vdpa.VdpaBus;
import io.vhost4j.vdpa.VirtioBusDriver;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The library's front-end drives a vDPA device that sends frames back: it sends some, then takes them. A program of its own. Arguments:
 * device, frames that are sent before any is taken, frames in all.
 */
final class WindowedFlow {
    private static final int BURST = 32;
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final VirtioUser user;
    private final long window;
    private final NumberedFrames frames = new NumberedFrames();
    private final Packet[] burst = new Packet[BURST];
    private long sent;
    private long back;
    /** Frames that are waited for no more. */
    private long lost;

    private long last = -1;

    private WindowedFlow(VirtioUser user, long window) {
        this.user = user;
        this.window = window;
    }

    public static void main(String[] arguments) {
        VdpaBus bus = VdpaBus.create();
        VirtioBusDriver driver = new VirtioBusDriver();
        String name = bus.add(arguments[0]).identity().name();
        bus.bind(name, driver);
        try (VirtioUser user = VirtioUser.builder(driver.endpoint()).connect()) {
            new WindowedFlow(user, Long.parseLong(arguments[1])).run(Long.parseLong(arguments[2]));
        }
        bus.unbind(name);
        bus.delete(name);
    }

    /** Sends what may be on the way, then takes what comes back, again and again. */
    private void run(long count) {
        while (sent < count) {
            long until = Math.min(count, sent + window);
            repeat(() -> sent == until, this::send);
            repeat(() -> back + lost == sent, this::receive);
            lost = sent - back;
        }
        System.out.println("window=" + window + " sent=" + sent + " back=" + back + " lost=" + lost + " done");
    }

    /** Repeats a step until all is done, or the step was of no use for a while. */
    private static void repeat(BooleanSupplier done, BooleanSupplier step) {
        long progress = System.nanoTime();
        while (!done.getAsBoolean() && System.nanoTime() - progress < QUIET_NANOS) {
            if (step.getAsBoolean()) {
                progress = System.nanoTime();
            }
        }
    }

    private boolean send() {
        int length = NumberedFrames.SHORTEST + (int) (sent % 1400);
        Packet packet = frames.make(user.pool(), sent, length);
        if (packet == null) {
            user.reclaim(0);
            return false;
        }
        if (user.transmit(0, new Packet[] {packet}, 0, 1) == 0) {
            packet.free();
            return false;
        }
        sent++;
        return true;
    }

    private boolean receive() {
        int count = user.receive(0, burst, 0, BURST);
        for (int i = 0; i < count; i++) {
            long number = frames.check(burst[i]);
            if (number <= last) {
                throw new AssertionError("frame " + number + " after frame " + last);
            }
            last = number;
            burst[i].free();
        }
        back += count;
        return count > 0;
    }
}
