// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vduse;

import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.drivers.vdpa.KickSet;
import io.vhost4j.drivers.vdpa.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a back-end in vhost-user's words what the kernel says of a device in VDUSE's. Packets and the kernel's notifications do not
 * pass here; the back-end's notifications do. One thread; it ends when the back-end ends the connection.
 */
final class VduseBridge implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VduseBridge.class);
    private static final int RINGS = 2;
    private static final int RING_SIZE = 1024;
    private static final int KICK = 1 << 15;
    private static final int DEVICE = 1 << 16;
    private static final int BACKEND = 1 << 17;
    private static final int MTU = 1500;

    /** What the kernel's bus takes, of a device without a control queue. */
    private static final long FEATURES = VirtioFeature.maskOf(
            VirtioFeature.CSUM,
            VirtioFeature.GUEST_CSUM,
            VirtioFeature.GUEST_TSO4,
            VirtioFeature.GUEST_TSO6,
            VirtioFeature.GUEST_ECN,
            VirtioFeature.GUEST_UFO,
            VirtioFeature.HOST_TSO4,
            VirtioFeature.HOST_TSO6,
            VirtioFeature.HOST_ECN,
            VirtioFeature.HOST_UFO,
            VirtioFeature.MRG_RXBUF,
            VirtioFeature.RING_INDIRECT_DESC,
            VirtioFeature.RING_EVENT_IDX,
            VirtioFeature.VERSION_1,
            VirtioFeature.IN_ORDER);
    /** What the bridge adds. */
    private static final long OWN =
            VirtioFeature.maskOf(VirtioFeature.ACCESS_PLATFORM, VirtioFeature.MAC, VirtioFeature.STATUS);

    private final String name;
    private final BackendLink link;
    private final VduseDevice device;
    private final KickSet events = new KickSet();
    private final EventFd[] kicks = new EventFd[RINGS];
    private final EventFd[] calls = new EventFd[RINGS];
    private final int[] bases = new int[RINGS];
    private final MemorySegment request = Arena.ofAuto().allocate(VduseLayout.REQUEST_BYTES, Long.BYTES);
    private final MemorySegment answer = Arena.ofAuto().allocate(VduseLayout.REQUEST_BYTES, Long.BYTES);
    private final Worker worker;
    /** Whether the back-end serves. */
    private boolean running;
    /** Whether the kernel's driver is ready, and has not notified of anything yet. */
    private boolean awaitsKick;

    private VduseBridge(String name, BackendLink link, VduseDevice device) {
        this.name = name;
        this.link = link;
        this.device = device;
        for (int i = 0; i < RINGS; i++) {
            kicks[i] = EventFd.create();
            calls[i] = EventFd.create();
            events.add(calls[i].fd(), i);
            events.add(kicks[i].fd(), KICK | i);
        }
        events.add(device.fd(), DEVICE);
        events.add(link.fd(), BACKEND);
        worker = Worker.start("vduse-" + name, this::run, events::wakeUp, reason -> LOG.warn("VDUSE {}", reason));
    }

    static VduseBridge start(String name, String socket) {
        BackendLink link = new BackendLink(socket);
        try {
            long features = link.features() & FEATURES | OWN;
            return new VduseBridge(
                    name, link, VduseDevice.create(name, features, RINGS, RING_SIZE, config(name.hashCode())));
        } catch (RuntimeException e) {
            link.close();
            throw e;
        }
    }

    /** {@code struct virtio_net_config}: address, status, pairs, MTU. */
    private static byte[] config(int seed) {
        return new byte[] {
            2,
            0,
            (byte) (seed >>> 24),
            (byte) (seed >>> 16),
            (byte) (seed >>> 8),
            (byte) seed,
            1,
            0,
            1,
            0,
            (byte) MTU,
            (byte) (MTU >>> 8)
        };
    }

    private void run(Worker thread) {
        try {
            while (!thread.stopping() && !backendGone()) {
                int count = events.await(-1);
                for (int i = 0; i < count; i++) {
                    int number = events.number(i);
                    if (number < RINGS) {
                        calls[number].drain();
                        device.interrupt(number);
                    }
                }
                while (device.read(request)) {
                    handle();
                }
                if (awaitsKick && kicked()) {
                    awaitsKick = false;
                    serve();
                }
            }
        } finally {
            release();
        }
    }

    private boolean kicked() {
        return Poll.await(kicks[0].fd(), Poll.IN, 0) != 0 || Poll.await(kicks[1].fd(), Poll.IN, 0) != 0;
    }

    private boolean backendGone() {
        return (Poll.await(link.fd(), Poll.IN, 0) & (Poll.IN | Poll.HUP | Poll.ERR)) != 0;
    }

    private void handle() {
        int type = request.get(ValueLayout.JAVA_INT, VduseLayout.REQUEST_TYPE);
        answer.fill((byte) 0);
        answer.set(
                ValueLayout.JAVA_INT, VduseLayout.ANSWER_ID, request.get(ValueLayout.JAVA_INT, VduseLayout.REQUEST_ID));
        int failed = 0;
        try {
            switch (type) {
                case VduseLayout.GET_VQ_STATE -> {
                    int ring = request.get(ValueLayout.JAVA_INT, VduseLayout.REQUEST_UNION);
                    answer.set(ValueLayout.JAVA_INT, VduseLayout.ANSWER_STATE - Integer.BYTES, ring);
                    answer.set(ValueLayout.JAVA_SHORT, VduseLayout.ANSWER_STATE, (short) position(ring));
                }
                case VduseLayout.SET_STATUS ->
                    setStatus(request.get(ValueLayout.JAVA_BYTE, VduseLayout.REQUEST_UNION) & 0xff);
                case VduseLayout.UPDATE_IOTLB -> {
                    if (running) {
                        giveMemory();
                    }
                }
                default -> failed = 1;
            }
        } catch (VhostException | NativeException e) {
            LOG.warn("VDUSE device {}: request {}: {}", name, type, e.getMessage());
            failed = 1;
        }
        answer.set(ValueLayout.JAVA_INT, VduseLayout.ANSWER_RESULT, failed);
        device.answer(answer);
    }

    private int position(int ring) {
        if (ring < 0 || ring >= RINGS) {
            throw new VhostException("ring " + ring + ": there are " + RINGS);
        }
        return bases[ring];
    }

    private void setStatus(int status) {
        boolean wanted = (status & VduseLayout.STATUS_DRIVER_OK) != 0;
        if (wanted && !running && !awaitsKick) {
            // the kernel makes the memory for packets when its driver first uses it, and does not tell
            awaitsKick = true;
            for (int i = 0; i < RINGS; i++) {
                device.setKick(i, kicks[i].fd());
            }
        } else if (!wanted && running) {
            stopRings();
        } else if (!wanted) {
            awaitsKick = false;
        }
    }

    private void serve() {
        // the bridge gives device addresses as if they were the guest's: nothing is left to translate
        link.number(RequestCode.SET_FEATURES, device.features() & ~OWN | VirtioFeature.PROTOCOL_FEATURES.mask());
        giveMemory();
        running = true;
        for (int i = 0; i < RINGS; i++) {
            VduseDevice.Ring ring = device.ring(i);
            if (!ring.ready()) {
                continue;
            }
            link.ring(RequestCode.SET_VRING_NUM, i, ring.size());
            link.ring(RequestCode.SET_VRING_BASE, i, ring.base());
            link.addresses(i, ring.desc(), ring.driver(), ring.device());
            link.number(RequestCode.SET_VRING_KICK, i, kicks[i].fd());
            link.number(RequestCode.SET_VRING_CALL, i, calls[i].fd());
            link.ring(RequestCode.SET_VRING_ENABLE, i, 1);
        }
        LOG.info("VDUSE device {}: the kernel's driver is ready", name);
    }

    private void stopRings() {
        running = false;
        for (int i = 0; i < RINGS; i++) {
            bases[i] = link.stop(i);
            device.setKick(i, -1);
            kicks[i].drain();
        }
        LOG.info("VDUSE device {}: the kernel's driver is gone", name);
    }

    private void giveMemory() {
        List<VduseDevice.Region> regions = new ArrayList<>();
        try {
            regions.addAll(device.regions());
            link.memory(regions);
        } finally {
            regions.stream().map(VduseDevice.Region::file).forEach(OwnedFd::close);
        }
    }

    private void release() {
        for (int i = 0; i < RINGS; i++) {
            kicks[i].close();
            calls[i].close();
        }
        events.close();
        link.close();
        try {
            device.close();
        } catch (VhostException e) {
            LOG.warn("{}; remove it by: vdpa dev del {}", e.getMessage(), name);
        }
    }

    @Override
    public void close() {
        worker.stop();
    }
}
