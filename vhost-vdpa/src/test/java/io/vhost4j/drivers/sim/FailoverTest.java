// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.drivers.ifcvf.IfcvfDriver;
import io.vhost4j.drivers.testkit.EchoApplication;
import io.vhost4j.drivers.testkit.FakeVfio;
import io.vhost4j.drivers.testkit.FakeVirtioPci;
import io.vhost4j.drivers.testkit.NumberedFlow;
import io.vhost4j.drivers.vdpa.RingInfo;
import io.vhost4j.packet.Packet;
import io.vhost4j.vdpa.VdpaBus;
import io.vhost4j.vdpa.VdpaBusDriver;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaEvent;
import io.vhost4j.vdpa.VirtioBusDriver;
import io.vhost4j.virtiouser.VirtioUser;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front-end whose rings go from the library to a device and back while it sends. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class FailoverTest {
    private static final int HANDOVERS = 20;

    @TempDir
    private Path folder;

    private final SimDriver sims = new SimDriver();
    private Path socket;

    @BeforeEach
    void nameSocket() {
        socket = folder.resolve("s");
    }

    private VirtioUser connect(Path socket, boolean packed) {
        return VirtioUser.builder(socket).packed(packed).queueSize(128).connect();
    }

    /** Opens the application's socket, and sends over it. */
    private void send(EchoApplication application, boolean packed, Consumer<NumberedFlow> scenario) {
        application.driver.start();
        try (VirtioUser front = connect(socket, packed)) {
            scenario.accept(new NumberedFlow(front));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLoseNoPacketWhileADeviceServes(boolean packed) {
        try (EchoApplication application = new EchoApplication(socket);
                VdpaDevice device = sims.open("sim:loopback", Map.of())) {
            application.driver.attachVdpaDevice(device);
            send(application, packed, flow -> {
                flow.run(5000);
                flow.drain();
                assertEquals(0, flow.missing());
                assertEquals(0, application.echoed.get());
                assertEquals(5000, device.getStats(1)[0], "frames that the device counted");
            });
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldHandOverUnderTraffic(boolean packed) {
        try (EchoApplication application = new EchoApplication(socket);
                VdpaDevice device = sims.open("sim:loopback", Map.of())) {
            application.driver.attachVdpaDevice(device);
            send(application, packed, flow -> {
                for (int i = 0; i < HANDOVERS; i++) {
                    handOverWhile(flow, i % 2 == 0, application, device);
                }
                flow.drain();
                assertTrue(application.echoed.get() > 0);
                assertEquals(HANDOVERS + 1, application.begun.get());
                assertEquals(application.lost.get(), flow.missing(), "only what the application had in its hands");
                assertTrue(flow.missing() <= HANDOVERS / 2 * 32, "a burst for each time that it had to let go");
            });
        }
    }

    private static void handOverWhile(
            NumberedFlow flow, boolean toLibrary, EchoApplication application, VdpaDevice device) {
        Thread changer = Thread.ofPlatform().start(() -> {
            if (toLibrary) {
                application.driver.detachVdpaDevice();
            } else {
                application.driver.attachVdpaDevice(device);
            }
        });
        flow.run(500);
        try {
            changer.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        flow.run(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fail-after=700", "fail-after=700,no-base=1", "fail-after=700,bad-base=1", "fail-conf=1"})
    void shouldGoOnInSplitRingsWhenADeviceFails(String fault) {
        goOn(fault, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fail-after=700", "fail-conf=1"})
    void shouldGoOnInPackedRingsWhenADeviceFails(String fault) {
        goOn(fault, true);
    }

    private void goOn(String fault, boolean packed) {
        VdpaBus bus = new VdpaBus(List.of(sims));
        try (EchoApplication application = new EchoApplication(socket)) {
            bus.add("sim:loopback," + fault);
            bus.bind("sim:loopback", VdpaBusDriver.vhost(application.driver));
            send(application, packed, flow -> {
                flow.run(3000);
                flow.drain();
                assertEquals(0, flow.missing(), "nothing is lost");
                assertTrue(application.echoed.get() >= 2200, "of 3000 the library sent " + application.echoed.get());
                assertNull(Objects.requireNonNull(application.device).getVdpaDevice());
                assertEquals(1, application.driver.counters().vdpaFailures());
            });
            bus.unbind("sim:loopback");
        }
        bus.delete("sim:loopback");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTakeOverFromAnIfcvfThatIsGone(boolean packed) {
        FakeVirtioPci hardware = new FakeVirtioPci(true, 1);
        try (FakeVfio machine = new FakeVfio(hardware);
                EchoApplication application = new EchoApplication(socket);
                VdpaDevice device = new IfcvfDriver(machine, machine.sysfs(folder.resolve("sys")))
                        .open(FakeVfio.ADDRESS, Map.of())) {
            // before the device starts
            application.listener = added -> hardware.guest = RingInfo.memoryOf(added);
            application.driver.attachVdpaDevice(device);
            send(application, packed, flow -> {
                flow.run(500);
                flow.drain();
                assertEquals(0, flow.missing());
                assertEquals(0, application.echoed.get());
                application.driver.detachVdpaDevice();
                assertEquals(0, machine.mappings());
                flow.run(500);
                flow.drain();
                assertEquals(0, flow.missing());
                assertTrue(application.echoed.get() > 0);
            });
        }
    }

    @Test
    void shouldJoinDevicesOfASegment() {
        VdpaBus bus = new VdpaBus(List.of(sims));
        VirtioBusDriver first = new VirtioBusDriver();
        VirtioBusDriver second = new VirtioBusDriver();
        bus.add("sim:net.1");
        bus.add("sim:net.2");
        bus.bind("sim:net.1", first);
        bus.bind("sim:net.2", second);
        try (VirtioUser one = connect(first.endpoint(), false);
                VirtioUser two = connect(second.endpoint(), true)) {
            exchange(one, two);
            exchange(two, one);
        }
        bus.unbind("sim:net.1");
        bus.unbind("sim:net.2");
        bus.delete("sim:net.1");
        bus.delete("sim:net.2");
    }

    private static void exchange(VirtioUser from, VirtioUser to) {
        Packet packet = Objects.requireNonNull(from.pool().allocate());
        packet.append(100);
        packet.setInt(50, 0x1234_5678);
        Packet[] some = {packet};
        assertEquals(1, from.transmit(0, some, 0, 1));
        Packet[] got = new Packet[1];
        while (to.receive(0, got, 0, 1) == 0) {
            Thread.yield();
        }
        assertEquals(100, got[0].dataLength());
        assertEquals(0x1234_5678, got[0].getInt(50));
        got[0].free();
    }

    @Test
    void shouldTellOfWhatHappensOnTheBus() {
        VdpaBus bus = new VdpaBus(List.of(sims));
        List<String> events = new ArrayList<>();
        bus.addListener(event -> events.add(event.what() + " " + event.detail()));
        bus.add("sim:loopback");
        assertThrows(ConfigurationException.class, () -> bus.add("sim:loopback"));
        assertThrows(ConfigurationException.class, () -> bus.add("sim:unknown"));
        assertThrows(ConfigurationException.class, () -> bus.add("sim:net,segment"));
        assertThrows(ConfigurationException.class, () -> bus.add("sim:net,colour=red"));
        assertNotNull(bus.findDeviceByName("sim:loopback"));
        VirtioBusDriver user = new VirtioBusDriver();
        bus.bind("sim:loopback", user);
        assertEquals("virtio", bus.userOf("sim:loopback"));
        assertThrows(ConfigurationException.class, () -> bus.delete("sim:loopback"));
        assertThrows(ConfigurationException.class, () -> bus.bind("sim:loopback", new VirtioBusDriver()));
        bus.unbind("sim:loopback");
        bus.delete("sim:loopback");
        assertEquals(List.of(), bus.list());
        assertEquals(List.of("ADDED ", "BOUND virtio", "UNBOUND virtio", "DELETED "), events);
        assertEquals(VdpaEvent.Kind.values().length, events.size());
    }
}
