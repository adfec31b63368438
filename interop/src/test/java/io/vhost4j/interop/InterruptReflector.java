// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import io.vhost4j.packet.Packet;
import io.vhost4j.virtiouser.VirtioUser;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A front-end that sleeps until its back-end calls, and sends what came back to where it came from. A program of its own, as testpmd's
 * forwarding modes only poll. Arguments: socket, packed. Ends when there is something on standard input.
 */
final class InterruptReflector {
    private static final int BURST = 32;
    private static final int MAC_BYTES = 6;
    private static final Duration NAP = Duration.ofMillis(200);

    private final VirtioUser user;
    private final Packet[] burst = new Packet[BURST];
    private final byte[] addresses = new byte[2 * MAC_BYTES];
    private long wakeUps;
    private long reflected;

    private InterruptReflector(VirtioUser user) {
        this.user = user;
    }

    public static void main(String[] arguments) throws IOException {
        try (VirtioUser user = VirtioUser.builder(Path.of(arguments[0]))
                .packed(Boolean.parseBoolean(arguments[1]))
                .interrupts(true)
                .mac(VdpaGuest.MAC)
                .connect()) {
            System.out.println("reflects");
            new InterruptReflector(user).run();
        }
    }

    private void run() throws IOException {
        while (System.in.available() == 0) {
            if (user.awaitReceive(0, NAP)) {
                wakeUps++;
                int count = user.receive(0, burst, 0, BURST);
                while (count > 0) {
                    reflect(count);
                    count = user.receive(0, burst, 0, BURST);
                }
            }
        }
        System.out.println("reflected=" + reflected + " wakeups=" + wakeUps);
    }

    private void reflect(int count) {
        for (int i = 0; i < count; i++) {
            Packet packet = burst[i];
            packet.getBytes(0, addresses, 0, addresses.length);
            packet.setBytes(0, addresses, MAC_BYTES, MAC_BYTES);
            packet.setBytes(MAC_BYTES, addresses, 0, MAC_BYTES);
        }
        int done = 0;
        while (done < count) {
            done += user.transmit(0, burst, done, count - done);
            user.reclaim(0);
        }
        reflected += count;
    }
}
