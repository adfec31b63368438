// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pins the arrows between the rooms of the core: a room knows only those below it. */
class ArchitectureTest {
    private static final String CORE = "io.vhost4j.core.";

    /** Each room and the rooms that its own arrows reach in one step. */
    private static final Map<String, Set<String>> ARROWS = Map.of(
            "server", Set.of("session"),
            "session", Set.of("protocol", "ring", "net", "memory"),
            "protocol", Set.of("layout", "linux"),
            "net", Set.of("ring", "pool"),
            "ring", Set.of("memory", "layout"),
            "pool", Set.of("memory", "linux"),
            "memory", Set.of("layout", "linux"),
            "layout", Set.of(),
            "linux", Set.of());

    private static final JavaClasses CLASSES = importMainClasses();

    @ParameterizedTest
    @ValueSource(strings = {"server", "session", "protocol", "net", "ring", "pool", "memory", "layout", "linux"})
    void shouldKnowOnlyRoomsBelow(String room) {
        String[] forbidden = ARROWS.keySet().stream()
                .filter(other -> !other.equals(room) && !below(room).contains(other))
                .map(other -> CORE + other + "..")
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(CORE + room + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .because("arrows between rooms point only downwards")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void shouldHaveNoOtherRoom() {
        Set<String> rooms = CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith(CORE))
                .map(name -> name.substring(CORE.length()).split("\\.")[0])
                .collect(Collectors.toCollection(TreeSet::new));
        assertFalse(rooms.isEmpty(), "no class of the core was read");
        rooms.removeAll(ARROWS.keySet());
        assertEquals(Set.of(), rooms, "rooms without an arrow");
    }

    @Test
    void shouldLinkNativeSymbolsOnlyInLinux() {
        noClasses()
                .that()
                .resideOutsideOfPackage(CORE + "linux..")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup|FunctionDescriptor)(\\$.*)?")
                .because("one room can be reviewed for what it does to the process")
                .check(CLASSES);
    }

    @Test
    void shouldUseTheUnboundedWindowOnlyWhereAddressesWereTranslated() {
        DescribedPredicate<JavaClass> window = DescribedPredicate.describe(
                "are HostWindow", type -> type.getName().equals(CORE + "memory.HostWindow"));
        noClasses()
                .that()
                .resideOutsideOfPackages(CORE + "ring..", CORE + "net..", CORE + "pool..", CORE + "memory..")
                .should()
                .dependOnClassesThat(window)
                .because("an address that was not translated must never be dereferenced")
                .check(CLASSES);
    }

    @Test
    void shouldWidenSegmentsOnlyInTheWindowTheBuffersAndTheSystemCalls() {
        noClasses()
                .that()
                .resideOutsideOfPackages(CORE + "linux..", CORE + "pool..", CORE + "memory..")
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        "MemorySegment.reinterpret",
                        call -> call.getTarget().getName().equals("reinterpret")
                                && call.getTargetOwner().getName().equals("java.lang.foreign.MemorySegment")))
                .because("reinterpret drops the bounds that protect the process")
                .check(CLASSES);
    }

    @Test
    void shouldNotUseUnsafe() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun..", "jdk.internal..", "com.sun..")
                .check(CLASSES);
    }

    @Test
    void shouldKeepLayoutsFreeOfState() {
        classes()
                .that()
                .resideInAPackage(CORE + "layout..")
                .should()
                .haveOnlyFinalFields()
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    /** All rooms that arrows reach from this one, at any distance. */
    private static Set<String> below(String room) {
        Set<String> reached = new TreeSet<>();
        for (String next : ARROWS.get(room)) {
            reached.add(next);
            reached.addAll(below(next));
        }
        return reached;
    }

    private static JavaClasses importMainClasses() {
        Path tests;
        try {
            tests = Path.of(
                    ArchitectureTest.class.getResource("ArchitectureTest.class").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        Path target = tests;
        while (!target.endsWith("test-classes")) {
            target = target.getParent();
        }
        Path classes = target.resolveSibling("classes");
        if (!Files.isDirectory(classes)) {
            throw new IllegalStateException(classes + ": compiled classes expected here");
        }
        return new ClassFileImporter().importPath(classes);
    }
}
