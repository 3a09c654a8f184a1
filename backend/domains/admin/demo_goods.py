"""Goods of the demonstration shop: 5 categories with 4 subcategories each, 4 goods in each of those.

Invented brands; the same goods every time. What is not said of a good follows from its name.
"""

from decimal import Decimal
from typing import Final, NamedTuple
from zlib import crc32

from backend.domains.catalog.entities import TaxClass


class Good(NamedTuple):
    """Something on a shelf; `price` in euros, `was` before it was reduced, weight in grams."""

    name: str
    brand: str
    price: str
    grams: int
    tags: str
    was: str | None = None

    @property
    def number(self) -> int:
        """A number that is always the same for this name, and looks like any other."""
        return crc32(self.name.encode())

    @property
    def rating(self) -> float:
        """3.4 to 5.0."""
        return (34 + self.number % 17) / 10

    @property
    def review_count(self) -> int:
        """1 to 480."""
        return 1 + self.number // 17 % 480

    @property
    def stock(self) -> int:
        """0 to 119; one in about sixteen is sold out."""
        return 0 if self.number % 16 == 0 else self.number // 31 % 119 + 1

    @property
    def is_featured(self) -> bool:
        """About one in seven."""
        return self.number % 7 == 0

    @property
    def cost(self) -> Decimal:
        """What it costs the shop: just under half of the price."""
        return (Decimal(self.price) * 45 / 100).quantize(Decimal("0.01"))


class Shelf(NamedTuple):
    """A subcategory and what stands there."""

    slug: str
    name: str
    goods: tuple[Good, ...]


class Department(NamedTuple):
    """A category and its subcategories."""

    slug: str
    name: str
    tax_class: TaxClass
    shelves: tuple[Shelf, ...]


_ELECTRONICS: Final = Department(
    "electronics",
    "Electronics",
    TaxClass.STANDARD,
    (
        Shelf(
            "smartphones",
            "Smartphones",
            (
                Good("Nova X2 Smartphone", "Orbitel", "649.00", 182, "5g,dual-sim", "749.00"),
                Good("Nova Mini Smartphone", "Orbitel", "429.00", 141, "5g,compact"),
                Good("Pebble S Smartphone", "Tarn", "279.00", 190, "dual-sim,budget"),
                Good("Summit Rugged Phone", "Tarn", "519.00", 265, "waterproof,outdoor"),
            ),
        ),
        Shelf(
            "laptops",
            "Laptops",
            (
                Good("Feather 13 Laptop", "Lumen", "1199.00", 1080, "ultralight,office"),
                Good("Forge 16 Gaming Laptop", "Kestrel", "1799.00", 2450, "gaming,high-end", "1999.00"),
                Good("Campus 14 Laptop", "Lumen", "599.00", 1420, "student,budget"),
                Good("Studio 15 Creator Laptop", "Kestrel", "1499.00", 1900, "creative,high-end"),
            ),
        ),
        Shelf(
            "headphones",
            "Headphones",
            (
                Good("Hush Wireless Headphones", "Sonora", "229.00", 254, "anc,wireless", "279.00"),
                Good("Dash Sport Earbuds", "Sonora", "89.90", 52, "wireless,sport"),
                Good("Monitor Studio Headphones", "Akusta", "149.00", 310, "wired,studio"),
                Good("Tiny Everyday Earbuds", "Akusta", "39.90", 44, "wireless,budget"),
            ),
        ),
        Shelf(
            "cameras",
            "Cameras",
            (
                Good("Aperture M1 Mirrorless Camera", "Helios", "1099.00", 520, "mirrorless,video"),
                Good("Trail Action Camera", "Helios", "299.00", 128, "waterproof,video", "349.00"),
                Good("Snap Instant Camera", "Pictor", "99.90", 390, "instant,gift"),
                Good("Owl Compact Camera", "Pictor", "449.00", 285, "compact,travel"),
            ),
        ),
    ),
)
_FASHION: Final = Department(
    "fashion",
    "Fashion",
    TaxClass.STANDARD,
    (
        Shelf(
            "shirts",
            "Shirts",
            (
                Good("Oxford Cotton Shirt", "Ashdown", "59.90", 260, "cotton,office"),
                Good("Linen Summer Shirt", "Ashdown", "69.90", 210, "linen,summer", "84.90"),
                Good("Organic Basic T-Shirt", "Plainfield", "19.90", 160, "cotton,organic"),
                Good("Flannel Check Shirt", "Plainfield", "49.90", 330, "flannel,winter"),
            ),
        ),
        Shelf(
            "shoes",
            "Shoes",
            (
                Good("Stride Running Shoes", "Fleetfoot", "119.00", 560, "running,sport"),
                Good("Ridge Hiking Boots", "Fleetfoot", "169.00", 1150, "hiking,waterproof", "199.00"),
                Good("Court Leather Sneakers", "Marlow", "99.00", 780, "leather,casual"),
                Good("Harbour Suede Loafers", "Marlow", "129.00", 700, "suede,office"),
            ),
        ),
        Shelf(
            "jackets",
            "Jackets",
            (
                Good("Drizzle Rain Jacket", "Norrland", "139.00", 420, "waterproof,outdoor"),
                Good("Ember Down Jacket", "Norrland", "219.00", 610, "down,winter", "259.00"),
                Good("Classic Denim Jacket", "Ashdown", "89.90", 850, "denim,casual"),
                Good("Merino Zip Jacket", "Norrland", "149.00", 480, "merino,outdoor"),
            ),
        ),
        Shelf(
            "accessories",
            "Accessories",
            (
                Good("Canvas Day Backpack", "Marlow", "74.90", 690, "canvas,travel"),
                Good("Merino Beanie", "Norrland", "29.90", 70, "merino,winter"),
                Good("Leather Card Wallet", "Marlow", "39.90", 60, "leather,gift"),
                Good("Polarised Sunglasses", "Helios", "79.90", 32, "summer,polarised", "99.90"),
            ),
        ),
    ),
)
_HOME: Final = Department(
    "home",
    "Home",
    TaxClass.STANDARD,
    (
        Shelf(
            "kitchen",
            "Kitchen",
            (
                Good("Cast Iron Skillet 26 cm", "Hearth", "54.90", 2400, "cast-iron,cooking"),
                Good("Pour-Over Coffee Maker", "Brewster", "44.90", 780, "coffee,glass"),
                Good("Chef's Knife 20 cm", "Hearth", "69.90", 240, "steel,cooking", "89.90"),
                Good("Electric Gooseneck Kettle", "Brewster", "79.90", 1150, "coffee,tea"),
            ),
        ),
        Shelf(
            "furniture",
            "Furniture",
            (
                Good("Oak Standing Desk", "Timberline", "549.00", 38000, "oak,office", "629.00"),
                Good("Mesh Office Chair", "Timberline", "249.00", 14500, "office,ergonomic"),
                Good("Birch Bookshelf", "Norrland", "179.00", 21000, "birch,storage"),
                Good("Wool Lounge Armchair", "Norrland", "399.00", 18500, "wool,living-room"),
            ),
        ),
        Shelf(
            "lighting",
            "Lighting",
            (
                Good("Arc Floor Lamp", "Lumen", "129.00", 6200, "led,living-room"),
                Good("Focus Desk Lamp", "Lumen", "59.90", 1300, "led,office"),
                Good("Glow Smart Bulb Set", "Lumen", "49.90", 320, "led,smart-home", "64.90"),
                Good("Paper Pendant Lamp", "Timberline", "34.90", 540, "paper,bedroom"),
            ),
        ),
        Shelf(
            "bedding",
            "Bedding",
            (
                Good("Percale Duvet Cover", "Plainfield", "79.90", 1250, "cotton,bedroom"),
                Good("Memory Foam Pillow", "Slumber", "49.90", 1100, "foam,bedroom"),
                Good("All-Season Down Duvet", "Slumber", "189.00", 1900, "down,bedroom", "229.00"),
                Good("Linen Bed Sheet", "Plainfield", "64.90", 700, "linen,bedroom"),
            ),
        ),
    ),
)
_SPORTS: Final = Department(
    "sports",
    "Sports",
    TaxClass.STANDARD,
    (
        Shelf(
            "climbing",
            "Climbing",
            (
                Good("Dynamic Climbing Rope 60 m", "Vertik", "149.00", 3700, "rope,outdoor"),
                Good("Sender Climbing Shoes", "Vertik", "109.00", 430, "bouldering,shoes", "129.00"),
                Good("Comfort Climbing Harness", "Vertik", "69.90", 380, "harness,beginner"),
                Good("Chalk Bag with Belt", "Cairn", "24.90", 120, "bouldering,gift"),
            ),
        ),
        Shelf(
            "cycling",
            "Cycling",
            (
                Good("Commuter Bicycle Helmet", "Velora", "69.90", 330, "helmet,safety"),
                Good("Bright 800 Bicycle Light", "Velora", "59.90", 150, "light,safety"),
                Good("Waterproof Pannier Bag", "Cairn", "84.90", 900, "waterproof,travel", "99.90"),
                Good("Floor Pump with Gauge", "Velora", "39.90", 1400, "pump,workshop"),
            ),
        ),
        Shelf(
            "fitness",
            "Fitness",
            (
                Good("Natural Rubber Yoga Mat", "Anjali", "64.90", 2500, "yoga,rubber"),
                Good("Adjustable Dumbbell Pair", "Ironroot", "229.00", 24000, "strength,home-gym", "279.00"),
                Good("Resistance Band Set", "Ironroot", "24.90", 450, "strength,travel"),
                Good("Foam Massage Roller", "Anjali", "29.90", 600, "recovery,foam"),
            ),
        ),
        Shelf(
            "camping",
            "Camping",
            (
                Good("Two-Person Trekking Tent", "Cairn", "249.00", 2100, "tent,hiking"),
                Good("Three-Season Sleeping Bag", "Cairn", "139.00", 1150, "down,hiking", "169.00"),
                Good("Titanium Cook Set", "Hearth", "74.90", 310, "titanium,cooking"),
                Good("Rechargeable Headlamp", "Lumen", "44.90", 85, "light,hiking"),
            ),
        ),
    ),
)
_BOOKS: Final = Department(
    "books",
    "Books",
    TaxClass.REDUCED,
    (
        Shelf(
            "novels",
            "Novels",
            (
                Good("The Lighthouse Ledger", "Quill House", "14.90", 340, "paperback,mystery"),
                Good("A Winter of Small Fires", "Quill House", "22.00", 520, "hardcover,literary"),
                Good("Salt and Meridian", "Fathom Press", "12.90", 310, "paperback,adventure"),
                Good("The Cartographer's Son", "Fathom Press", "18.90", 450, "paperback,historical"),
            ),
        ),
        Shelf(
            "cookbooks",
            "Cookbooks",
            (
                Good("Bread, Patiently", "Table & Page", "29.90", 980, "baking,hardcover"),
                Good("Weeknight Vegetables", "Table & Page", "24.90", 870, "vegetarian,hardcover", "29.90"),
                Good("The Small Kitchen", "Table & Page", "19.90", 640, "beginner,paperback"),
                Good("Noodles from Home", "Fathom Press", "27.90", 820, "asian,hardcover"),
            ),
        ),
        Shelf(
            "travel-guides",
            "Travel guides",
            (
                Good("Hut to Hut in the Alps", "Cairn Books", "21.90", 380, "hiking,europe"),
                Good("Kathmandu on Foot", "Cairn Books", "18.90", 330, "asia,city"),
                Good("Paris by Neighbourhood", "Cairn Books", "16.90", 300, "europe,city"),
                Good("Slow Trains of Japan", "Cairn Books", "23.90", 420, "asia,railway"),
            ),
        ),
        Shelf(
            "children",
            "Children's books",
            (
                Good("Bear Counts the Stars", "Little Quill", "12.90", 390, "picture-book,bedtime"),
                Good("My First Mountains", "Little Quill", "14.90", 430, "picture-book,nature"),
                Good("The Robot Who Baked", "Little Quill", "9.90", 260, "first-reader,funny"),
                Good("Seven Seas Puzzle Book", "Little Quill", "11.90", 310, "puzzles,gift"),
            ),
        ),
    ),
)

DEPARTMENTS: Final = (_ELECTRONICS, _FASHION, _HOME, _SPORTS, _BOOKS)
