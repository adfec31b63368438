// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.Input;

/** A whole connection: messages of a front-end that may do anything, a guest that writes to its rings, bursts in between. */
public final class SessionTarget {
    /** Without page faults: a guest whose pages never come stops whoever touches them, as post-copy is made. */
    private static final long PROTOCOL = OfferedFeatures.PROTOCOL_SUPPORTED & ~ProtocolFeature.PAGEFAULT.mask();

    private SessionTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        Input in = new Input(bytes);
        FuzzApplication.warmUp();
        try (Bounds bounds = new Bounds()) {
            try (SessionFixture fixture = new SessionFixture(OfferedFeatures.VIRTIO_SUPPORTED, PROTOCOL);
                    FuzzFiles files = new FuzzFiles(fixture.guest)) {
                FuzzApplication application = new FuzzApplication(fixture.ops);
                FuzzFrontend frontend = new FuzzFrontend(in, fixture, files);
                FuzzDriver driver = new FuzzDriver(in, fixture.guest);
                while (in.more() && fixture.session.isOpen()) {
                    step(in, frontend, driver, application);
                    frontend.drain();
                    bounds.checkTime();
                }
            } catch (NativeException e) {
                // the session ended while a message was on its way
                Bounds.check(e.errno() == Errno.EPIPE || e.errno() == Errno.ECONNRESET, e.toString());
            }
        }
    }

    private static void step(Input in, FuzzFrontend frontend, FuzzDriver driver, FuzzApplication application) {
        int any = in.u8();
        int kind = any % 8;
        if (any == 0xFF) {
            driver.truncate(in.u8() * 0x1000L);
        } else if (kind < 4) {
            frontend.message();
        } else if (kind < 6) {
            driver.act();
        } else {
            application.burst(in);
        }
    }
}
