// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.drivers.vdpa.KickSet;
import io.vhost4j.drivers.vdpa.MediatedRing;
import io.vhost4j.drivers.vdpa.Worker;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Carries on what guest and device tell each other and cannot tell directly: the guest's notifications to doorbells, changes of the
 * configuration to the front-end, and the used entries of mediated rings. One thread, which sleeps while nothing happens.
 */
final class IfcvfRelay implements AutoCloseable {
    private static final int INTERRUPTS = 1 << 16;
    private static final int CONFIG = 1 << 17;
    private static final int POLL_MILLIS = 1;

    private final IfcvfDevice owner;
    private final VhostDevice device;
    private final IfcvfHardware hardware;
    private final List<ServedRing> rings;
    private final List<ServedRing> unannounced = new ArrayList<>();
    private final KickSet kicks = new KickSet();
    private @Nullable Worker worker;

    IfcvfRelay(IfcvfDevice owner, VhostDevice device, List<ServedRing> rings) {
        this.owner = owner;
        this.device = device;
        this.rings = rings;
        hardware = owner.hardware();
    }

    void start() {
        for (int i = 0; i < rings.size(); i++) {
            ServedRing ring = rings.get(i);
            int kick = device.kickFd(ring.info().index());
            if (kick < 0) {
                unannounced.add(ring);
            } else {
                kicks.add(kick, i);
            }
            EventFd interrupt = ring.interrupt();
            if (interrupt != null) {
                kicks.add(interrupt.fd(), INTERRUPTS | i);
            }
        }
        if (!rings.isEmpty()) {
            kicks.add(rings.getFirst().configEvent().fd(), CONFIG);
        }
        String name = "vdpa-" + owner.identity().name();
        worker = Worker.start(name, this::run, kicks::wakeUp, owner::failed);
    }

    private void run(Worker thread) {
        // what the guest has notified of before is not notified of again
        rings.forEach(this::kicked);
        while (!thread.stopping()) {
            int count = kicks.await(unannounced.isEmpty() ? -1 : POLL_MILLIS);
            for (int i = 0; i < count && !thread.stopping(); i++) {
                happened(kicks.number(i));
            }
            unannounced.forEach(this::kicked);
        }
    }

    private void happened(int number) {
        if (number == CONFIG) {
            rings.getFirst().configEvent().drain();
            device.backendConfigChange();
        } else if ((number & INTERRUPTS) != 0) {
            interrupted(rings.get(number & ~INTERRUPTS));
        } else {
            rings.get(number).countKick();
            kicked(rings.get(number));
        }
    }

    private void kicked(ServedRing ring) {
        MediatedRing mediated = ring.mediated();
        if (mediated == null || mediated.relayAvailable()) {
            hardware.ring(ring.info().index());
        }
    }

    private void interrupted(ServedRing ring) {
        EventFd interrupt = ring.interrupt();
        if (interrupt != null) {
            interrupt.drain();
        }
        MediatedRing mediated = ring.mediated();
        if (mediated == null) {
            ring.call();
            return;
        }
        ring.countUsed();
        if (mediated.relayVringUsed()) {
            ring.call();
        }
    }

    @Override
    public void close() {
        Worker running = worker;
        worker = null;
        if (running != null) {
            running.stop();
        }
        kicks.close();
    }
}
